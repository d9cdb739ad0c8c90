"""What a model needs, by the known arithmetic; and that an experiment's memory is never given to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mlintern.models.fit import Memory, NoFit, Plan, compute_bytes, kv_bytes_per_token, plan
from mlintern.models.gguf import Header

GIB = 1 << 30
SMALL = Header(
    path=Path("q.gguf"), architecture="qwen2", name=None, quantisation="Q4_0", parameters=494_000_000,
    context_length=32_768, layers=24, embedding_length=896, heads=(14,) * 24, kv_heads=(2,) * 24, key_length=64,
    value_length=64, kv_latent_length=None, vocabulary_size=151_936, chat_template=None, weights_bytes=350_000_000,
    layer_bytes=(10_000_000,) * 24, parts=1,
)  # fmt: skip
LARGE = replace(SMALL, weights_bytes=20 * GIB, layer_bytes=(GIB * 5 // 6,) * 24)


def test_the_cache_of_a_known_model() -> None:
    assert kv_bytes_per_token(SMALL) == 12_288  # as llama.cpp said of this shape: 48 MiB at 4096 tokens
    assert kv_bytes_per_token(SMALL, "q8_0") == 6_528
    assert kv_bytes_per_token(replace(SMALL, kv_heads=(2, 0) * 12)) == 6_144  # layers that keep nothing
    assert kv_bytes_per_token(replace(SMALL, kv_latent_length=576)) == 24 * 576 * 2


def test_a_batch_of_scores_is_the_most_of_the_compute_buffer() -> None:
    assert 256 * 151_936 * 4 < compute_bytes(SMALL) < 1.2 * 256 * 151_936 * 4


def test_the_most_context_that_fits_is_taken() -> None:
    little = SMALL.weights_bytes + 450 * (1 << 20)
    roomy, tight = plan(SMALL, Memory(8 * GIB)), plan(SMALL, Memory(little))
    assert isinstance(roomy, Plan) and (roomy.context, roomy.kv_type, roomy.device_layers) == (16_384, "f16", 0)
    assert isinstance(tight, Plan) and tight.context < 16_384 and tight.host_bytes <= little
    assert isinstance(plan(replace(SMALL, context_length=1024), Memory(8 * GIB)), Plan)


def test_what_does_not_fit_is_told_in_numbers() -> None:
    answer = plan(LARGE, Memory(8 * GIB))
    assert isinstance(answer, NoFit)
    assert answer.needed_bytes > 20 * GIB and answer.free_bytes == 8 * GIB


def test_what_an_experiment_needs_is_not_free() -> None:
    assert isinstance(plan(SMALL, Memory(4 * GIB, host_promised=4 * GIB)), NoFit)
    gpu = Memory(64 * GIB, (40 * GIB,))
    assert (on_gpu := plan(LARGE, gpu)) and isinstance(on_gpu, Plan) and on_gpu.device_layers == 25
    beside = plan(LARGE, replace(gpu, device_promised=30 * GIB))
    assert isinstance(beside, Plan) and 0 < beside.device_layers < 24 and beside.device_bytes <= 10 * GIB
    without = plan(LARGE, replace(gpu, device_promised=40 * GIB))
    assert isinstance(without, Plan) and (without.device_layers, without.device_bytes) == (0, 0)
