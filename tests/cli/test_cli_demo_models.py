"""The demo with other models than those that are on: each of them on screen, and the same proof."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from cli_given import Desk

from hubsync.catalog import load
from hubsync.cli.demo_models import switch_on
from hubsync.cli.init import write_starter
from hubsync.errors import InputError

USUAL = ("engagement", "fit", "combined", "customer")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The configuration that ships."""
    write_starter(tmp_path / "config")
    return tmp_path / "config"


def test_every_model_is_on_screen(tmp_path: Path, config: Path) -> None:
    """`demo --models all` shows a line for every model that ships, explains one of each kind, and proves them all."""
    demo = Desk(tmp_path)("demo", "--models", "all", "--contacts", "40", "--plan", "enterprise")
    assert demo.code == 0, demo.text
    out = demo.out
    models = load(config).models
    shown = re.findall(r"(?m)^ (\w+) +(contacts|companies|deals) +\d", out)
    assert sorted(name for name, _ in shown) == sorted(models)
    for model in USUAL:
        assert f"{model}  (" in out
    kinds = {models[name].kind for name in re.findall(r"the best by (\w+):", out)}
    assert kinds >= {"weighted", "rfm", "account"}
    assert "explanations add up exactly to their scores" in out
    assert "The second plan is empty" in out


def test_all_or_some(config: Path) -> None:
    """`all` switches on every model, names with commas those; each has its place once, and nothing else changes."""
    before = load(config)
    assert switch_on(config, None).usual == set(USUAL)
    assert load(config).main == before.main

    assert switch_on(config, "health, value_rfm,health").left_out == ()
    after = load(config)
    assert after.main.models == ("health", "value_rfm")
    assert after.main.model_copy(update={"models": before.main.models}) == before.main

    switch_on(config, "all")
    assert {"health", "tax_compliance", *USUAL} <= set(load(config).main.models)


@pytest.mark.parametrize(("text", "hint"), [("helth", "'helth'.*health"), ("", "There are account,"), (",", "and all")])
def test_a_model_that_does_not_exist(config: Path, text: str, hint: str) -> None:
    """A misspelt model is refused before anything starts, with the nearest name or all names."""
    with pytest.raises(InputError, match=hint):
        switch_on(config, text)


def test_without_scipy(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where scipy is not installed, clv is left out, one sentence says so, and the others run."""
    monkeypatch.setitem(sys.modules, "scipy", None)
    chosen = switch_on(config, "clv,health")
    assert chosen.left_out == ("The model clv is left out: it needs scipy; install it by `pip install 'hubsync[ml]'`.",)
    assert load(config).main.models == ("health",)
