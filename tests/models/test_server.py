"""The engine that asks a server: a small one in this process speaks the protocol, well or badly."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from mlintern.models.engine import (
    CannotScore,
    Engine,
    EngineError,
    EngineMissing,
    Finish,
    Generated,
    Limits,
    NotAsAsked,
)
from mlintern.models.server import ServerEngine, base_address
from mlintern.tests.models.conftest import user, wait_for

Behaviour = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


class Served:
    """The server's address, what it was asked, and how it behaves."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.behave: Behaviour = says("Hello")
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                served.asked.append((self.path, {}))
                answer(self, {"data": [{"id": "tiny"}]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                served.asked.append((self.path, body))
                served.behave(self, body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()


def answer(handler: BaseHTTPRequestHandler, content: Any, code: int = 200) -> None:
    data = json.dumps(content).encode()
    handler.send_response(code)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def says(text: str, *, finish: str = "stop", end: bytes = b"data: [DONE]\n\n") -> Behaviour:
    def behave(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        handler.send_response(200)
        handler.end_headers()
        events: list[dict[str, Any]] = [{"choices": [{"delta": {"content": letter}}]} for letter in text]
        events.append({"choices": [{"delta": {}, "finish_reason": finish}]})
        usage = {"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 6}}
        events.append({"choices": [], "usage": usage})
        handler.wfile.write(b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + end)

    return behave


@pytest.fixture
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.http.shutdown()
    server.thread.join()
    server.http.server_close()


def test_a_text_comes_in_pieces_with_its_counts(served: Served) -> None:
    engine, pieces = ServerEngine(f"{served.address}/v1/"), list[str]()
    assert isinstance(engine, Engine)
    got = engine.generate([user("hi")], limits=Limits(tokens=7), on_text=pieces.append)
    assert (got.text, got.finish, pieces) == ("Hello", Finish.COMPLETE, list("Hello"))
    assert (got.prompt_tokens, got.prompt_evaluated, got.prompt_reused, got.generated) == (9, 3, 6, 5)
    assert engine.identity.name == "tiny" and engine.identity.place == served.address
    assert [path for path, _ in served.asked] == ["/v1/models", "/v1/chat/completions"]
    body = served.asked[1][1]
    assert (body["model"], body["max_tokens"], body["messages"]) == ("tiny", 7, [{"role": "user", "content": "hi"}])


def test_a_form_is_asked_for_and_checked(served: Served) -> None:
    engine, schema = ServerEngine(served.address, name="m"), {"type": "object", "properties": {"a": {"enum": [1, 2]}}}
    served.behave = says('{"a": 2}')
    assert json.loads(engine.generate([user("?")], schema=schema).text) == {"a": 2}
    assert served.asked[0][1]["response_format"]["json_schema"]["schema"] == schema
    for text in ('{"a": 3}', "Sure!", "{}"):
        served.behave = says(text)
        with pytest.raises(NotAsAsked, match="form that was asked for"):
            engine.generate([user("?")], schema=schema)
    served.behave = says('{"a"', finish="length")
    assert engine.generate([user("?")], schema=schema).finish is Finish.TOKENS


def test_options_are_scored_by_letters(served: Served) -> None:
    engine = ServerEngine(served.address, name="m")
    listed = [{"token": " A", "logprob": -1.0}, {"token": "B", "logprob": -2.0}, {"token": "x", "logprob": -0.1}]
    content = {"choices": [{"logprobs": {"content": [{"top_logprobs": listed}]}}]}
    served.behave = lambda handler, body: answer(handler, content)
    scored = engine.score([user("?")], ["yes", "no", "perhaps"])
    assert scored.probabilities == pytest.approx((0.731, 0.269, 0.0), abs=1e-3)
    assert "A: yes\nB: no\nC: perhaps" in served.asked[0][1]["messages"][0]["content"]
    for empty in ({"choices": [{}]}, {}, {"choices": [{"logprobs": None}]}):
        served.behave = lambda handler, body, content=empty: answer(handler, content)  # type: ignore[misc]
        with pytest.raises(CannotScore):
            engine.score([user("?")], ["yes", "no"])


def test_it_is_never_sent_elsewhere(served: Served) -> None:
    def redirect(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        handler.send_response(307)
        handler.send_header("Location", "http://127.0.0.2:9/v1/chat/completions")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    served.behave = redirect
    with pytest.raises(EngineError, match="only the named address"):
        ServerEngine(served.address, name="m").generate([user("secret")])


def test_a_proxy_of_the_environment_is_not_used(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.2:9")
    assert ServerEngine(served.address, name="m").generate([user("hi")]).text == "Hello"


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (lambda handler, body: answer(handler, {"error": "no such model"}, 404), "no such model"),
        (says("Hel", end=b""), "middle of its answer"),
        (says("", end=b"data: not json\n\n"), "does not speak the protocol"),
        (says("", end=b"data: [1]\n\n"), "does not speak the protocol"),
    ],
)
def test_a_bad_server_is_told(served: Served, behave: Behaviour, words: str) -> None:
    served.behave = behave
    with pytest.raises(EngineError, match=words):
        ServerEngine(served.address, name="m").generate([user("hi")])


def test_nonsense_in_events_is_passed_over(served: Served) -> None:
    nonsense = [{}, {"choices": 7}, {"choices": [7]}, {"choices": [{"delta": 7}]}, {"usage": 7},
                {"usage": {"prompt_tokens": -1, "prompt_tokens_details": []}}]  # fmt: skip
    end = b"".join(b"data: " + json.dumps(one).encode() + b"\n" for one in nonsense) + b": ping\n\ndata: [DONE]\n"
    served.behave = says("ok", end=end)
    assert ServerEngine(served.address, name="m").generate([user("hi")]).text == "ok"


def test_nobody_there_is_told() -> None:
    with pytest.raises(EngineMissing, match="No server answers"):
        ServerEngine("http://127.0.0.1:9", name="m").generate([user("hi")])
    for address in ("", "ftp://a", "http://", "http://a?b=c"):
        with pytest.raises(EngineError, match=r"127\.0\.0\.1:8080"):
            base_address(address)
    assert base_address("localhost:11434/v1") == "http://localhost:11434"


def test_a_call_that_hangs_is_cancelled(served: Served) -> None:
    release = threading.Event()

    def hang(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        says("on", end=b"")(handler, body)
        handler.wfile.flush()
        release.wait(60)

    served.behave = hang
    engine, answers, pieces = ServerEngine(served.address, name="m"), list[Generated](), list[str]()
    thread = threading.Thread(target=lambda: answers.append(engine.generate([user("hi")], on_text=pieces.append)))
    thread.start()
    wait_for(lambda: len(pieces) == 2)
    engine.cancel()
    thread.join(60)
    release.set()
    assert [(one.text, one.finish) for one in answers] == [("on", Finish.CANCELLED)]
