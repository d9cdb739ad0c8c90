"""What one sentence gives: hyperparameters in the ways papers write them, and the many that are not taken."""

# ruff: noqa: E501  (one sentence a line)
from __future__ import annotations

import pytest
from mlintern.planner.reading.document import Form
from mlintern.planner.reading.reading import brief_of
from mlintern.planner.reading.source import read_text

TAKEN = r"""
The learning rate rises linearly to 5×10^-4 during the first 4,000 updates and then decays with the inverse square root of the step number. => learning_rate=0.0005 warmup_steps=4000 schedule=inverse_sqrt
We trained with a mini-batch size of 256 for 90 epochs using SGD with momentum 0.9. => batch_size=256 epochs=90 optimizer=SGD momentum=0.9
The initial learning rate is 0.1 and is divided by 10 at epochs 30, 60 and 80. => learning_rate=0.1 schedule=step
Batches of 64 sequences of length 512 are used. => batch_size=64 sequence_length=512
We use a linear warmup of 2000 steps followed by cosine decay to 10% of the peak. => warmup_steps=2000 schedule=cosine
Adam (β1 = 0.9, β2 = 0.98, ε = 1e-9) with a learning rate of 10^-3. => optimizer=Adam beta1=0.9 beta2=0.98 epsilon=1e-9 learning_rate=0.001
We set the dropout probability to 0.1 and use label smoothing of 0.1. => dropout=0.1 label_smoothing=0.1
The model has 12 layers, 12 attention heads and a hidden size of 768. => layers=12 heads=12 hidden_size=768
A 12-layer transformer with 8 heads and d_model = 512 is trained for 100k steps. => layers=12 heads=8 hidden_size=512 steps=100000
Images are resized to 224×224 pixels. => image_size=224
We use a batch size of 32 and train for 20 epochs with early stopping (patience of 3). => batch_size=32 epochs=20 patience=3
Training stops if the validation loss does not improve for 10 epochs. => patience=10
Gradients are accumulated over 4 steps. => accumulation_steps=4
We accumulate gradients over 8 micro-batches for an effective batch size of 512. => accumulation_steps=8 batch_size=512
An exponential moving average of the weights with decay 0.9999 is used for evaluation. => ema_decay=0.9999
Gradient norms are clipped to 0.25. => gradient_clip=0.25
We clip the global gradient norm at 1.0 and train in bf16 mixed precision. => gradient_clip=1.0 precision=bf16
The vocabulary has 32k SentencePiece tokens. => vocabulary_size=32000
All results are averaged over five random seeds. => seeds=5
The learning rate was tuned over {1e-4, 3e-4, 1e-3}; 3e-4 worked best. => learning_rate=0.0003
We searched dropout in [0.1, 0.3, 0.5]. =>
We considered learning rates between 1e-5 and 1e-3. =>
For the base model we use a learning rate of 1e-3, and for the large model 5e-4. => learning_rate=0.001@base learning_rate=0.0005@large
We use learning rates of 1e-3 and 5e-4 for the small and large models, respectively. => learning_rate=0.001@small learning_rate=0.0005@large
Dropout is 0.1 for the base model and 0.3 for the large model. => dropout=0.1@base dropout=0.3@large
During pre-training we use a batch size of 1024, while fine-tuning uses a batch size of 16. => batch_size=1024@pre batch_size=16@fine
BERT was trained with a batch size of 256 for 1M steps [3]. =>
Unlike Smith et al. (2020), who use a learning rate of 0.4, we use 0.1. =>
In contrast to prior work, which trains for 300 epochs, we train for 50 epochs. => epochs=50
Momentum of 0.9 and Nesterov acceleration are used, with a weight decay of 5e-4. => momentum=0.9 weight_decay=0.0005
We do not use weight decay. => weight_decay=0
Optimization uses AdamW with a cosine schedule, a peak learning rate of 6e-4 and a minimum learning rate of 6e-5. => optimizer=AdamW schedule=cosine learning_rate=0.0006 min_learning_rate=6e-5
The cosine schedule anneals the learning rate from 1e-3 to 1e-5 over 200 epochs. => schedule=cosine learning_rate=0.001 min_learning_rate=1e-5 epochs=200
The convolutions have kernel size 3 and stride 2. => kernel_size=3
Each layer uses 3×3 convolutions with 64 filters. => kernel_size=3 channels=64
We use a context window of 2048 tokens. => sequence_length=2048
The input window is 96 time steps and the horizon is 24 steps. => sequence_length=96
Softmax temperature τ is set to 0.07. => temperature=0.07
Two hidden layers with 128 units each. => layers=2 hidden_size=128
Train with batch_size=64, lr=1e-3, epochs=10, weight_decay=0.01. => batch_size=64 learning_rate=0.001 epochs=10 weight_decay=0.01
The learning rate is halved when the validation loss plateaus. => schedule=plateau
Learning rate: 3e-4 (constant) => learning_rate=0.0003
batch size: 128 => batch_size=128
The learning rate is decayed by a factor of 0.1 every 30 epochs. => schedule=step
We use the Adam optimizer with default parameters. => optimizer=Adam
a dropout of 10 % is applied => dropout=0.1
We train with a global batch size of 0.5M tokens for 300B tokens. => batch_size=500000
We train for 3 epochs with a learning rate of 2e-5, a batch size of 16 and a maximum sequence length of 128. => epochs=3 learning_rate=2e-5 batch_size=16 sequence_length=128
Warm-up takes 10% of the steps. => warmup_ratio=0.1
with a 5-epoch linear warmup => warmup_epochs=5
Weight decay (0.1) is applied to all matrices. => weight_decay=0.1
Learning rate 1e-4 for the backbone and 1e-3 for the head. => learning_rate=0.0001@backbone learning_rate=0.001@head
We evaluate every 5 epochs and save a checkpoint every 1000 steps. =>
Increasing the batch size to 1024 hurts accuracy. =>
The ViT-S model uses 12 blocks with 6 heads and an embedding dimension of 384. => layers=12@ViT-S heads=6@ViT-S embedding_size=384@ViT-S
Set the random seed to 1234. => seed=1234
Use a random seed of 7 for everything. => seed=7
Each run uses a batch size of 8 per GPU on 4 GPUs. => batch_size=8
Optimizer: RMSprop with decay 0.9 and momentum 0.9 => optimizer=RMSprop momentum=0.9
We minimise with stochastic gradient descent; the step size is 0.05. => optimizer=SGD learning_rate=0.05
Model dimension 512, feed-forward dimension 2048, 8 heads, 6 layers. => hidden_size=512 feedforward_size=2048 heads=8 layers=6
The network is a two-layer bidirectional LSTM with 256 hidden units per direction. => layers=2 hidden_size=256
We used 16 kHz audio and 25 ms windows. =>
Sequences are truncated to 256 tokens. => sequence_length=256
Training takes 12 hours on 8 V100 GPUs. =>
We use a weight decay of 0.05 and stochastic depth with rate 0.1. => weight_decay=0.05 stochastic_depth=0.1
A dropout rate of 0.3 gave worse results than 0.1. =>
The learning rate is linearly decayed to zero. => schedule=linear min_learning_rate=0
We train for a total of 40 000 iterations with 500 warm-up iterations. => steps=40000 warmup_steps=500
The batch size is 2^12 tokens. => batch_size=4096
Early stopping with a patience of 20 evaluations is used => patience=20
Learning rate: 3e-4 for the encoder, 1e-3 for the decoder => learning_rate=0.0003@encoder learning_rate=0.001@decoder
LR: 0.1, dropped by 5x at epochs 60, 120, 160 => learning_rate=0.1 schedule=step
Warmup: 500 steps => warmup_steps=500
The paper by Zagoruyko used dropout=0.3, which we skip. =>
For the ablation in Section 5 we instead use 20,000 steps. =>
GRU-X, which is trained with Adam, has two GRU layers with 96 units each. => optimizer=Adam layers=2 hidden_size=96
Hidden dimension d = 64, L = 3 layers. => hidden_size=64 layers=3
"""
"""A sentence, and what it gives: ``name=value``, with ``@`` and a part of what it is said of."""

TARGETS = r"""
The model must reach at least 92 % accuracy on the held-out test set. => accuracy=92
Our model achieves 76.1% top-1 accuracy on ImageNet, compared to 75.3% for the baseline. => top1_accuracy=76.1
We obtain 28.4 BLEU on WMT14 English-German and 41.8 on English-French. => bleu=28.4 bleu=41.8
Target: RMSE <= 3.1 on the test split. => rmse=3.1
Aim for a macro F1 of 0.78 ± 0.02 on the test set. => macro_f1=0.78±0.02
We report a test perplexity of 18.3 on WikiText-103, 0.7 points better than Transformer-XL. => perplexity=18.3
Success means a word error rate below 8 % on dev-clean. => wer=8
Our method improves accuracy by 2.3 points. =>
Accuracy: 97.2 ± 0.3 % (test, mean of 5 seeds) => accuracy=97.2±0.3
The proposed model reaches an AUROC of 0.913 and an average precision of 0.48. => auroc=0.913 average_precision=0.48
The goal is to get the validation loss under 1.5. => loss=1.5
Test accuracy of 85.4% (std 0.4) is expected. => accuracy=85.4±0.4
A majority-class classifier has an accuracy of 61 %. =>
Smith et al. (2020) report an F1 of 91.2. =>
The F1 score should be 0.9 or better. => f1=0.9
With our approach the error rate drops from 5.1% to 3.9% on CIFAR-10. => error_rate=3.9
We match the reference MAE of 0.35 within 2 %. => mae=0.35
We reach a training accuracy of 99.9 % and a test accuracy of 94.2 %. => accuracy=94.2
Our system obtains WER of 2.1% / 4.3% on test-clean / test-other. => wer=2.1 wer=4.3
Reproduce the reported mAP of 37.4 on COCO val2017. => map=37.4
The final model has an R^2 of 0.82 on the test set, while gradient boosting has 0.80. => r2=0.82
The MSE on the ETTh1 test set at horizon 96 is 0.386 for our model. => mse=0.386
Without dropout the accuracy falls to 90.1 %. =>
The ensemble gets 95 % confidence intervals of ± 0.2. =>
"""
"""A sentence, and what it asks to reach."""


def cases(text: str) -> list[tuple[str, list[str]]]:
    rows = (line.partition(" =>") for line in text.strip().splitlines())
    return [(sentence.strip(), wanted.split()) for sentence, _, wanted in rows]


def plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


@pytest.mark.parametrize(("sentence", "wanted"), cases(TAKEN))
def test_hyperparameters_of_a_sentence(sentence: str, wanted: list[str]) -> None:
    found = brief_of(read_text(sentence, "task.txt", Form.PLAIN)).hyperparameters
    told = {f"{one.name}={plain(one.value)}": (one.applies_to or "").lower() for one in found}
    asked: dict[str, str] = {}
    for one in wanted:
        name, value = one.partition("@")[0].split("=")
        asked[f"{name}={plain(_number(value))}"] = one.partition("@")[2].lower()

    assert told.keys() == asked.keys()
    assert {key: whom for key, whom in asked.items() if whom not in told[key]} == {}


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


@pytest.mark.parametrize(("sentence", "wanted"), cases(TARGETS))
def test_targets_of_a_sentence(sentence: str, wanted: list[str]) -> None:
    found = brief_of(read_text(sentence, "task.txt", Form.PLAIN)).targets
    told = [f"{one.metric}={one.value:g}" + (f"±{one.spread:g}" if one.spread is not None else "") for one in found]

    assert sorted(told) == sorted(wanted)


def test_a_target_has_its_split_data_set_and_unit() -> None:
    sentence = "Our model reaches 97.2 ± 0.3 % accuracy on the MNIST test set."
    (target,) = brief_of(read_text(sentence, "task.txt", Form.PLAIN)).targets

    assert (target.unit, target.spread, target.split, target.dataset) == ("%", 0.3, "test", "MNIST")
