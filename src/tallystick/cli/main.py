"""`tally`: the front door of the command line.

A verb's module loads when the verb is used, so that help comes at once. An error is one line on
standard error that begins with its code, and the exit status of its family. In English the rest is
the fact and its cure, as programs and logs keep them; in Chinese it is what happened and what to do
in a person's words, the fact in brackets behind them: whoever is called at night needs both.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from collections.abc import Sequence
from errno import ENOENT, ENOTDIR
from typing import Final, cast

import click

from tallystick import __version__
from tallystick.base.errors import Error, Invalid, NotFound
from tallystick.cli.spoken import (
    LANGUAGES,
    Group,
    Language,
    Words,
    find_language,
    lang_option,
    option,
)

__all__ = ["main", "run", "tally"]

_MISUSES: Final = (
    (click.exceptions.NoSuchCommand, "没有这个命令"),
    (click.NoSuchOption, "没有这个选项"),
    (click.MissingParameter, "缺少参数"),
    (click.BadOptionUsage, "选项用得不对"),
    (click.BadParameter, "给的值不对"),
    (click.UsageError, "用法不对"),
)
"""What was misused, by the library's error, the narrower first."""
_VERBS: Final[dict[str, tuple[str, Words]]] = {
    "demo": ("demo", Words("一条命令看整个县", "Show the whole county with one command")),
    "county": (
        "county",
        Words(
            "建立、查看、运行一个县，报告它的真相",
            "Found, show and run a county, report its truth",
        ),
    ),
    "member": (
        "member",
        Words(
            "成员自己的机器：钥匙、地址、文件夹", "A member's own machine: keys, address, folder"
        ),
    ),
    "serve": ("serve", Words("运行控制台和接口", "Serve the console and the API")),
    "party": ("party", Words("登记、查看、注销主体", "Register, show and erase parties")),
    "mandate": ("mandate", Words("给予、收回委托", "Give and take back mandates")),
    "grant": ("grant", Words("给予、收回授权", "Give and take back grants")),
    "case": ("case", Words("受理与办理案件", "Open cases and act on them")),
    "loan": ("loan", Words("放款、收款", "Grant loans, pay them out, take them back")),
    "appeal": ("appeal", Words("提出、答复申诉", "Open and settle appeals")),
    "feedback": ("feedback", Words("到期回访与反馈", "Feedback that is due, and what was said")),
    "provider": ("provider", Words("公布、列出服务主体", "Publish and list service subjects")),
    "product": ("product", Words("公布、列出产品", "Publish and list products")),
    "programme": (
        "programme",
        Words("项目覆盖到谁、漏了谁", "Whom programmes reach and whom they miss"),
    ),
    "position": ("position", Words("从文件精准定位", "Position applications of a file")),
    "model": ("model", Words("训练评分模型并如实评价", "Train and judge scoring models")),
    "change": (
        "change",
        Words("成员、钥匙、限额的变更与表决", "Change members, keys and limits by vote"),
    ),
    "user": ("user", Words("经办人的账号", "Officers' accounts")),
    "rules": (
        "rules",
        Words("谁可以写什么、谁可以读什么", "Who may write what, who may read what"),
    ),
    "evidence": ("evidence", Words("导出、验证证据文件", "Export and verify evidence files")),
    "log": ("log", Words("读取、验证一个成员公开的日志", "Read and verify a member's log")),
    "verify": ("verify", Words("用各成员自己的文件重跑全链", "Run each member's chain again")),
    "engine": (
        "engine",
        Words("配套程序：编译、启动", "Programs beside this one: build, start them"),
    ),
    "bulletin": ("bulletin", Words("人人可读的公告和统计", "Bulletins and tallies for everybody")),
    "chain": ("chain", Words("把链写成归档、从归档取回", "A chain out to an archive, and in")),
    "repair": ("chain", Words("修复一个成员的链", "Make a member's chain whole again")),
    "rebuild": ("chain", Words("从链重建视图", "Make the views anew from the chain")),
    "store": ("store", Words("成员库里的文件", "Files in a member's store")),
    "ipfs": ("ipfs", Words("公开文件与 IPFS 往来", "Public files to and from IPFS")),
    "bench": ("bench", Words("测量", "Measure")),
    "reference": ("reference", Words("打印命令、接口、词汇手册", "Print the reference pages")),
}
_INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141


class _Tally(Group):
    """The root: knows its verbs by name, and loads one when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs whose module is there."""
        del ctx
        return [name for name, (module, _) in _VERBS.items() if _is_there(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a verb."""
        del ctx
        module, _ = _VERBS.get(cmd_name, ("", None))
        if not module or not _is_there(module):
            return None
        loaded = importlib.import_module(f"tallystick.cli.{module}")
        return cast("click.Command", getattr(loaded, cmd_name))

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb; an error is told in the language its words asked for."""
        try:
            return super().invoke(ctx)
        except Error as error:
            ctx.exit(_tell(_say(error, find_language(ctx)), error.exit_status))
        except OSError as error:
            found = _find_place(error, ctx.obj or ())
            if found is None:
                raise
            ctx.exit(_tell(_say(found, find_language(ctx)), found.exit_status))

    def say_short(self, ctx: click.Context, name: str) -> str | None:
        """Return what a verb does, without loading it."""
        return _VERBS[name][1].in_(find_language(ctx))


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(f"tallystick.cli.{module}") is not None


def _find_place(error: OSError, words: Sequence[str]) -> Error | None:
    """Return what a failed call says of a path that the user named; None where it is not at fault.

    That path is the failed call's own, or what a verb puts beside it, or it is no folder where one
    is needed. What fails within a folder that is there is ours to explain, not the user's.
    """
    is_folder = os.path.isdir  # pathlib's raises for a name that is too long
    paths = [path for path in (error.filename, error.filename2) if isinstance(path, str)]
    for word in words:
        named = word.partition("=")[2] if word.startswith("--") else word
        beside, below = f"{named}.", f"{named.rstrip('/')}/"
        for path in paths:
            is_own = path == named or path.startswith(beside)
            if named and (is_own or (path.startswith(below) and not is_folder(named))):
                family = NotFound if error.errno in {ENOENT, ENOTDIR} else Invalid
                why = f"{named}: {error.strerror}"
                return family("cli.file", why, cure="Check the path.")
    return None


def _tell_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's own
    if value and not ctx.resilient_parsing:
        print(__version__)
        ctx.exit()


@click.group(
    "tally",
    cls=_Tally,
    words=Words(
        "一个县的一份可验证的金融账：申请进来，合适的方案连同理由出去，谁都可以重放核对",
        "One verifiable financial record for a county: a request goes in, a fitting offer comes"
        " out with its reasons, and anyone can replay it.",
    ),
)
@option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_version,
    zh="显示版本",
    en="Show the version.",
)
@lang_option
def tally() -> None:
    """Let a verb follow."""


def run(given: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        given: the words after `tally`; None for those of this process.
    """
    words = sys.argv[1:] if given is None else given
    try:
        found = tally.main(args=words, prog_name="tally", standalone_mode=False, obj=words)
        return found if isinstance(found, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return error.exit_code
    except click.UsageError as error:
        return _tell(_say_usage(error, words), 2)
    except click.ClickException as error:
        return _tell(f"cli.failed: {error.format_message()}", error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has gone; closing it again would complain once more.
        sys.stdout = None
        return _BROKEN_PIPE


def _say_usage(error: click.UsageError, words: Sequence[str]) -> str:
    """Return as one line how a verb was misused, and where its use stands.

    Args:
        error: of the library, which tells it in English.
        words: those after `tally`; what stands behind the wrong one was not read.
    """
    path = error.ctx.command_path if error.ctx is not None else "tally"
    fact = error.format_message()
    if _asked_language(words, find_language(error.ctx)) == "en":
        return f"cli.usage: {fact} Cure: {path} --help."
    title = next(title for kind, title in _MISUSES if isinstance(error, kind))
    return f"cli.usage: {title}。怎么办：运行 {path} --help 看用法。（{fact.rstrip('.')}）"


def _asked_language(words: Sequence[str], default: Language) -> Language:
    for at, word in enumerate(words):
        name, _, value = word.partition("=")
        chosen = value or "".join(words[at + 1 : at + 2])
        if name == "--lang" and chosen in LANGUAGES:
            return cast("Language", chosen)
    return default


def _say(error: Error, language: Language) -> str:
    """Return an error as one line."""
    if language == "en":
        return str(error)
    from tallystick.text.problem import say_problem

    said = say_problem(error, language)
    return f"{error.code}: {said.title}。怎么办：{said.cure}（{error.message}）"


def _tell(line: str, status: int) -> int:
    from tallystick.cli.showing import spell

    # An error names what it is about, and that name may be a stranger's.
    print(spell(" ".join(line.split())), file=sys.stderr)
    return status


def main() -> None:
    """Run the command line of this process."""
    # Records are trees without cycles: the collector's usual 700 costs a tenth of all bulk work.
    gc.set_threshold(50_000, 20, 50)
    sys.exit(run())
