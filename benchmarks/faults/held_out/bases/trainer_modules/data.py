import numpy as np
import torch
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset


def load():
    x, y = make_classification(n_samples=6000, n_features=20, n_informative=12, n_redundant=3, n_classes=6,
                               n_clusters_per_class=2, class_sep=1.2, flip_y=0.03, random_state=77)
    return x.astype(np.float32), y


def build_loaders(batch_size):
    x, y = load()
    x_train, x_rest, y_train, y_rest = train_test_split(x, y, test_size=0.4, stratify=y, random_state=77)
    x_val, x_test, y_val, y_test = train_test_split(x_rest, y_rest, test_size=0.5, stratify=y_rest, random_state=77)
    scaler = StandardScaler()
    x_train = scaler.fit_transform(x_train)
    x_val, x_test = scaler.transform(x_val), scaler.transform(x_test)
    sets = {"train": (x_train, y_train), "val": (x_val, y_val), "test": (x_test, y_test)}
    return {
        name: DataLoader(TensorDataset(torch.from_numpy(features), torch.from_numpy(labels)),
                         batch_size=batch_size, shuffle=name == "train")
        for name, (features, labels) in sets.items()
    }
