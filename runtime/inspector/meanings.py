"""What the libraries' names mean for the flow of data: which of them split, fit, reduce, score or choose.

Invariant: a name that is not listed here is assumed to work row by row, which raises no alarm by itself.
"""

from __future__ import annotations

import re

# Fitted on the values of the rows that it is given.
_VALUES = {
    "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "QuantileTransformer", "PowerTransformer",
    "KBinsDiscretizer", "SplineTransformer", "SimpleImputer", "KNNImputer", "IterativeImputer", "PCA", "IncrementalPCA",
    "KernelPCA", "SparsePCA", "TruncatedSVD", "FastICA", "FactorAnalysis", "NMF", "LatentDirichletAllocation",
    "TfidfVectorizer", "TfidfTransformer", "VarianceThreshold", "ColumnTransformer", "FeatureUnion",
}  # fmt: skip
_SELECTION = {
    "SelectKBest", "SelectPercentile", "SelectFpr", "SelectFdr", "SelectFwe", "GenericUnivariateSelect", "RFE", "RFECV",
    "SelectFromModel", "SequentialFeatureSelector", "LinearDiscriminantAnalysis", "PLSRegression",
}  # fmt: skip
_TARGET = {
    "TargetEncoder", "LeaveOneOutEncoder", "CatBoostEncoder", "MEstimateEncoder", "JamesSteinEncoder", "WOEEncoder",
}  # fmt: skip
_VOCABULARY = {"OneHotEncoder", "OrdinalEncoder", "CountVectorizer", "DictVectorizer", "CountEncoder"}
_STATELESS = {
    "LabelEncoder", "LabelBinarizer", "MultiLabelBinarizer", "Normalizer", "Binarizer", "FunctionTransformer",
    "PolynomialFeatures", "HashingVectorizer",
}  # fmt: skip
TRANSFORMERS = {
    **dict.fromkeys(_VALUES, "values"),
    **dict.fromkeys(_SELECTION, "selection"),
    **dict.fromkeys(_TARGET, "target"),
    **dict.fromkeys(_VOCABULARY, "vocabulary"),
    **dict.fromkeys(_STATELESS, ""),
}
TRANSFORMER_HOMES = ("sklearn.", "category_encoders.", "imblearn.", "cuml.", "feature_engine.")
COLUMN_WISE = ("ColumnTransformer", "make_column_transformer")
_NO_SOURCES = ("torch.utils", "torch.nn", "torch.optim", "torch.load", "json.", "yaml.", "os.", "pickle.load")
PIPELINES = ("sklearn.pipeline.", "imblearn.pipeline.")

STATISTICS = {
    "mean", "nanmean", "average", "std", "nanstd", "var", "nanvar", "median", "nanmedian", "mode", "quantile",
    "percentile", "nanpercentile", "min", "amin", "nanmin", "max", "amax", "nanmax", "std_mean", "var_mean", "describe",
}  # fmt: skip
RANGE = {"max", "amax", "nanmax"}
REDUCTIONS = STATISTICS | {
    "sum", "nansum", "item", "count", "prod", "any", "all", "value_counts", "bincount", "unique", "nunique", "norm",
    "cov", "tolist_sum", "count_nonzero", "set", "Counter", "histogram", "sorted_set", "backward",
}  # fmt: skip
ASSOCIATIONS = {
    "corr", "corrwith", "corrcoef", "pearsonr", "spearmanr", "kendalltau", "pointbiserialr", "f_classif",
    "f_regression", "chi2", "r_regression", "mutual_info_classif", "mutual_info_regression",
}  # fmt: skip
"""How strongly columns go with the target: what is chosen by it was chosen by all rows that it saw."""
WINDOWS = {"rolling", "expanding", "ewm", "groupby", "resample", "shift"}
SAME_VALUES = {
    "view", "reshape", "squeeze", "unsqueeze", "flatten", "float", "double", "to", "cpu", "cuda", "contiguous",
    "detach", "clone", "permute", "transpose", "numpy", "values", "ravel", "T", "half", "bfloat16", "item", "tolist",
    "long", "from_numpy", "tensor", "as_tensor", "array", "asarray", "copy", "type", "astype",
}  # fmt: skip
COUNTING = {"len", "shape", "size", "__len__", "numel", "nelement", "ndim", "dim"}
INDEXING = {"arange", "permutation", "randperm", "range", "list", "indices", "shuffle", "array", "asarray", "tensor"}
DRAWS = {"permutation", "randperm"}
ROW_JOINS = {"concat", "concatenate", "vstack", "cat", "append", "ConcatDataset", "r_", "row_stack"}
REPEATS = {"repeat", "tile", "repeat_interleave"}
NOISE = re.compile(r"^(rand|randn|randint|normal|uniform|standard_normal|rand_like|randn_like|bernoulli|default_rng)$")
SOURCE = re.compile(
    r"^(read_\w+|load|load_\w+|loadtxt|genfromtxt|fetch_\w+|from_csv|open|memmap|imread"
    r"|rand|randn|randint|normal|uniform|standard_normal|random)$"
)
DATASET_HOMES = ("torchvision.datasets.", "torchaudio.datasets.", "torchtext.datasets.", "torch_geometric.datasets.")
RESAMPLERS = re.compile(r"^(\w*SMOTE\w*|RandomOverSampler|ADASYN)$")
SPLITS_ALL = {"train_test_split", "random_split"}
CROSS_VALIDATORS = {
    "cross_val_score", "cross_validate", "cross_val_predict", "permutation_test_score", "learning_curve",
}  # fmt: skip
SEARCHES = {
    "GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV", "BayesSearchCV",
}  # fmt: skip
FOLDS = re.compile(r"^\w*(Fold|ShuffleSplit|TimeSeriesSplit|LeaveOneOut|LeavePOut|LeaveOneGroupOut)$")
ACTIVATIONS = {
    "softmax": "softmax", "Softmax": "softmax", "log_softmax": "log_softmax", "LogSoftmax": "log_softmax",
    "sigmoid": "sigmoid", "Sigmoid": "sigmoid", "expit": "sigmoid", "linear": "linear", "Linear": "linear",
}  # fmt: skip
CHANGE_NOTHING = {"Identity", "Dropout", "Flatten", "Unflatten", "DataParallel", "DistributedDataParallel"}
STARTERS = {"spawn", "start_processes", "Process", "Thread", "submit", "elastic_launch", "run_module_as_main"}
"""Names of what calls a function that it gets."""
HARMLESS_HOMES = {
    "builtins", "torch", "numpy", "np", "pandas", "sklearn", "math", "random", "os", "sys", "time", "json", "pathlib",
    "tqdm", "copy", "itertools", "functools", "collections", "logging", "argparse", "scipy", "matplotlib", "pickle",
    "torchvision", "dataclasses", "typing", "contextlib", "warnings", "re", "csv", "statistics", "seaborn", "joblib",
}  # fmt: skip
"""Libraries that do nothing to an object that they get behind its back."""


def transformer_kind(maker: str) -> str | None:
    """What fitting a library's class learns: a kind of fit, ``""`` for nothing; ``None`` for no transformer."""
    if maker.startswith(TRANSFORMER_HOMES) or "." not in maker:
        return TRANSFORMERS.get(maker.rpartition(".")[2])
    return None


def is_source(name: str) -> bool:
    """Whether calling this library function brings rows in."""
    if name.startswith(DATASET_HOMES):
        return True
    if name.startswith(_NO_SOURCES):
        return False
    last = name.rpartition(".")[2]
    if name.startswith("sklearn.datasets."):
        return True
    return last == "load_dataset" or ("." in name and SOURCE.match(last) is not None)


def is_metric(name: str) -> bool:
    """Whether it is one of the metric functions of a library."""
    last = name.rpartition(".")[2]
    return name.startswith(("sklearn.metrics.", "torchmetrics.", "torcheval.")) or last.endswith(("_score", "_error"))
