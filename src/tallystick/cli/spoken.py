"""Commands whose help is written in Chinese and in English; click writes it in one only.

`--lang` chooses; without it the machine's locale does. A verb or option without both halves cannot
be made.
"""

from __future__ import annotations

import locale
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, cast

import click

__all__ = [
    "LANGUAGES",
    "Group",
    "Verb",
    "Words",
    "argument",
    "find_language",
    "lang_option",
    "option",
    "set_language",
]

F = TypeVar("F", bound=Callable[..., Any])
Language = Literal["zh", "en"]
LANGUAGES: Final = ("zh", "en")
_META: Final = "tallystick.language"
_OPTIONS: Final = {"zh": "选项", "en": "Options"}
_COMMANDS: Final = {"zh": "命令", "en": "Commands"}
_USAGE: Final = {"zh": "用法： ", "en": "Usage: "}
_TAKES: Final = {"zh": "[选项]", "en": "[OPTIONS]"}
_REQUIRED: Final = {"zh": "必填", "en": "required"}


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    zh: str
    en: str

    def __post_init__(self) -> None:
        """Refuse a text that is only half there."""
        assert self.zh.strip(), f"no Chinese half: {self.en!r}"
        assert self.en.strip(), f"no English half: {self.zh!r}"

    def in_(self, language: Language) -> str:
        """Return the half in a language."""
        return self.zh if language == "zh" else self.en


def find_language(ctx: click.Context | None = None) -> Language:
    """Return the language asked for with `--lang`, else the locale's."""
    ctx = ctx or click.get_current_context(silent=True)
    chosen = ctx.meta.get(_META) if ctx is not None else None
    return cast("Language", chosen) if chosen else _of_locale()


def _of_locale() -> Language:
    try:
        locale.setlocale(locale.LC_MESSAGES, "")
    except locale.Error:
        # A locale that is not installed on this machine says nothing about its user.
        return "en"
    name = locale.getlocale(locale.LC_MESSAGES)[0] or ""
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"


def set_language(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    """Keep the language that `--lang` names."""
    if value is not None:
        ctx.meta[_META] = value


class _Option(click.Option):
    """An option whose help is spoken."""

    def __init__(self, *given: Any, words: Words, **more: Any) -> None:  # noqa: ANN401 - click's own
        more["help"] = words.en
        super().__init__(*given, **more)
        self.words = words

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option's line in the language in force."""
        if self.hidden:
            return None
        language = find_language(ctx)
        record = super().get_help_record(ctx)
        assert record is not None
        marks = []
        if self.required:
            marks.append(_REQUIRED[language])
        if self.show_default and self.default not in (None, "", False):
            marks.append(str(self.default))
        mark = f" [{'; '.join(marks)}]" if marks else ""
        return record[0], self.words.in_(language) + mark


class _Argument(click.Argument):
    """An argument whose meaning is spoken."""

    def __init__(self, *given: Any, words: Words, **more: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*given, **more)
        self.words = words

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """Return the argument's line in the language in force."""
        return self.make_metavar(ctx), self.words.in_(find_language(ctx))


_LANG_WORDS: Final = Words("显示语言；默认按系统", "Language; by default the system's.")
_HELP_WORDS: Final = Words("显示这段说明", "Show this text.")


def lang_option(function: F) -> F:
    """Add `--lang`."""
    add = click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        expose_value=False,
        is_eager=True,
        callback=set_language,
        cls=_Option,
        words=_LANG_WORDS,
    )
    return add(function)


def option(*names: str, zh: str, en: str, **more: Any) -> Callable[[F], F]:  # noqa: ANN401 - click's own
    """Declare an option with its help in both languages."""
    return click.option(*names, cls=_Option, words=Words(zh, en), **more)


def argument(name: str, *, zh: str, en: str, **more: Any) -> Callable[[F], F]:  # noqa: ANN401 - click's own
    """Declare an argument with its meaning in both languages."""
    return click.argument(name, cls=_Argument, words=Words(zh, en), **more)


class Verb(click.Command):
    """A command whose help is spoken."""

    def __init__(self, *given: Any, words: Words, **more: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*given, **more)
        self.words = words

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return what it does, in one line."""
        del limit
        return self.words.in_(find_language())

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return `--help`, spoken."""
        found = super().get_help_option(ctx)
        if found is not None:
            found.help = _HELP_WORDS.in_(find_language(ctx))
        return found

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help."""
        language = find_language(ctx)
        pieces = [
            _TAKES[language] if piece == self.options_metavar else piece
            for piece in self.collect_usage_pieces(ctx)
        ]
        formatter.write_usage(ctx.command_path, " ".join(pieces), _USAGE[language])
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(self.words.in_(language))
        self.format_options(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options."""
        records = [each.get_help_record(ctx) for each in self.get_params(ctx)]
        rows = [record for record in records if record is not None]
        with formatter.section(_OPTIONS[find_language(ctx)]):
            formatter.write_dl(rows)


class Group(Verb, click.Group):
    """Commands under one noun."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, and the commands below this one."""
        super().format_options(ctx, formatter)
        rows = []
        for name in self.list_commands(ctx):
            short = self.say_short(ctx, name)
            if short is not None:
                rows.append((name, short))
        if rows:
            with formatter.section(_COMMANDS[find_language(ctx)]):
                formatter.write_dl(rows)

    def say_short(self, ctx: click.Context, name: str) -> str | None:
        """Return what a command below does, None if there is none."""
        found = self.get_command(ctx, name)
        return None if found is None else found.get_short_help_str()

    def verb(self, name: str, *, zh: str, en: str) -> Callable[[Callable[..., Any]], Verb]:
        """Return the decorator that makes a function a verb below this noun."""
        make = self.command(name, cls=Verb, words=Words(zh, en))

        def add(function: Callable[..., Any]) -> Verb:
            return cast("Verb", make(lang_option(function)))

        return add
