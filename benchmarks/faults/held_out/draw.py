"""Which base programs and which kinds of fault nobody may tune on: drawn once, before any result was seen.

Usage: python -m mlintern.benchmarks.faults.held_out.draw
"""

from __future__ import annotations

import random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SEED = 20261125
BASES = _words(
    "accumulation autoencoder char_transformer cnn_augment digits_mlp finetune_frozen forecasting grid_search hf_tiny "
    "imbalanced lightning_tiny nano_loop numpy_logistic pandas_groups sequence_rnn sklearn_pipeline tabular_regression "
    "trainer_modules"
)
KINDS = _words(
    "accumulation_unscaled augment_at_evaluation augmented_before_split averaging_swapped batch_mean_metric "
    "batch_mixing best_epoch_on_test best_seed broadcast_loss causal_mask checkpoint_incomplete clip_after_step "
    "clip_before_backward crash_at_end decay_on_norms detached double_softmax early_stop_on_test evaluated_on_train "
    "evaluation_mode_missing exact_duplicates exploding fp16_overflow frozen future_feature graph_retained "
    "group_split heads_mixed label_column log_of_zero lr_high lr_low metric_axis misaligned_labels near_duplicates "
    "no_zero_grad optimizer_missing optimizer_stale oversampled_before_split padding_counted rows_filtered "
    "scaler_on_all_rows scheduler_never scheduler_unit search_on_test seed_missing selector_on_all_rows slow_loader "
    "sorted_unshuffled subset_metric sum_reduction swapped_arguments target_encoding_on_all_rows target_unshifted "
    "temporal_shuffle threshold_on_test train_contains_test training_mode_missing unregistered wrong_target "
    "zero_by_zero zero_init"
)


def drawn() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A third of the bases and a third of the kinds."""
    chance = random.Random(SEED)
    bases = chance.sample(BASES, len(BASES) // 3)
    kinds = chance.sample(KINDS, len(KINDS) // 3)
    return tuple(sorted(bases)), tuple(sorted(kinds))


if __name__ == "__main__":
    for names in drawn():
        print("\n".join(names), end="\n\n")
