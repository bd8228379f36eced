"""Writes the reference pages and CRD files from the code that they describe.

`gendocs.py` writes them, `gendocs.py --check` fails when one is not what the
code says. Called by `make generate` and `make generated`.
"""

import difflib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import yaml

from helmward import errors
from helmward.apis import gitsync
from helmward.apis.commands import MEANINGS, WORDS
from helmward.apis.crds import crd_documents
from helmward.cli import fluxd
from helmward.cli.main import helmward
from helmward.cli.sync_config.described import Described, described
from helmward.cli.sync_config.fields import FLAGS, OWN
from helmward.releases import decide

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"
CRDS = ROOT / "deploy" / "crds"
MARK = "<!-- Written by tools/gendocs.py (make generate): change the code, not this page. -->"


def page(title: str, *blocks: str) -> str:
    return "\n\n".join((MARK, f"# {title}", *(block.strip() for block in blocks))) + "\n"


def table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *(_cell(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(row: tuple[str, ...]) -> list[str]:
    """Keep Markdown from reading a bar as a border, or <name> as HTML."""
    return [text.replace("|", r"\|").replace("<", "&lt;") for text in row]


def cli_page() -> str:
    blocks = [_help_of(helmward)]
    for name, command in helmward.commands.items():
        blocks += [f"## helmward {name}", _help_of(command)]
        if flags := [one for one in command.params if isinstance(one, click.Option)]:
            heads = ("Flag", "Environment variable", "Default", "Meaning")
            blocks.append(table(heads, (_flag_row(command, flag) for flag in flags)))
    return page("Commands and flags", *blocks)


def _help_of(command: click.Command) -> str:
    """Return a command's help, its examples as a block of code."""
    text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    return "\n\n".join(map(_paragraph, text.split("\n\n")))


def _paragraph(text: str) -> str:
    head, _, rest = text.partition("\n")
    if head in {"Example:", "Examples:"}:
        return f"```sh\n{textwrap.dedent(rest).rstrip()}\n```"
    return text


def _flag_row(command: click.Command, flag: click.Option) -> tuple[str, ...]:
    context = click.Context(command)
    shown = flag.get_help_extra(context).get("default", "")
    names = ", ".join(f"`{name}`" for name in (*flag.opts, *flag.secondary_opts))
    words = "" if flag.is_flag else f" `{flag.make_metavar(context)}`"
    return names + words, f"`{flag.envvar}`", shown.strip("()"), flag.help or ""


def fluxd_page() -> str:
    """Say of every flag of fluxd what became of it."""
    command = helmward.commands["sync"]
    known = {name: one for one in command.params for name in one.opts}
    kept = ((f"`{name}`", _kept(name, known), fluxd.OTHERWISE.get(name, "")) for name in fluxd.KEPT)
    renamed = ((f"`{name}`", f"`{new}`") for name, new in fluxd.RENAMED.items())
    gone = ((f"`{name}`", why) for name, why in fluxd.WORDS.items())
    return page(
        "From Flux v1: the flags",
        "`helmward run` and `helmward sync` take every argument of fluxd 1.25, so a Deployment's "
        "`args:` can stay as they are. Values are read as fluxd read them: `--x` and `--x=false`, "
        "`5m`, lists with commas, a flag given several times.",
        "Probes of fluxd's chart ask for `/api/flux/v6/identity.pub`; let them ask for `/healthz` "
        "and `/readyz`.",
        "## What means what it meant",
        table(("Flag", "Meaning", "What is not quite as it was"), kept),
        "## What is called otherwise now",
        "Still understood; the log tells the new name once.",
        table(("Flag", "Say instead"), renamed),
        "## What has no effect",
        "Accepted with any value; the log names it once with the reason.",
        table(("Flag", "Why"), gone),
    )


def _kept(name: str, known: dict[str, click.Parameter]) -> str:
    one = known.get(name)
    return (one.help or "") if isinstance(one, click.Option) else "Show the version and exit."


def sync_config_page() -> str:
    """Print the fields of the file of --sync-config from their models."""
    rows = (_config_row(one) for one in described())
    return page(
        "The file of --sync-config",
        "YAML, read once at start. It is read strictly: a field that is unknown or of another "
        "type is refused with file, line and the fields that there are. Files that it names are "
        "relative to it. Durations are written as `90s`, `5m` or `1h30m`.",
        "A field that is left out is what the flag beside it says for all repositories, the "
        "flag's own default included.",
        table(("Field", "Type", "Where left out", "Meaning"), rows),
    )


def _config_row(one: Described) -> tuple[str, ...]:
    flag = FLAGS.get(one.path.removeprefix("repositories[]."))
    otherwise = OWN.get(one.path.removeprefix("repositories[]."), "")
    left_out = "required" if one.required else f"`{flag}`" if flag else otherwise
    kind = " or ".join(f"`{value}`" for value in one.values) or one.kind
    return f"`{one.path}`", kind, left_out, one.words


def helmrelease_page() -> str:
    blocks = _kinds("HelmRelease")
    blocks += ["## Annotations of a HelmRelease of any version", table(*_annotations())]
    return page("HelmRelease", *blocks)


def gitsync_page() -> str:
    rows = ((f"`{name}`", value, words) for name, (value, words) in gitsync.MEANINGS.items())
    return page(
        "GitSync",
        "One for each repository that Helmward follows, in Helmward's own namespace and named as "
        "the repository is. Helmward writes it; people read it and annotate it. See "
        "[Watch a sync](../howto/watch-a-sync.md).",
        *_kinds("GitSync"),
        "## Annotations",
        table(("Annotation", "Value", "Meaning"), rows),
    )


def _kinds(kind: str) -> list[str]:
    """Describe every version of a kind."""
    blocks: list[str] = []
    for crd in crd_documents():
        if crd["spec"]["names"]["kind"] == kind:
            for version in crd["spec"]["versions"]:
                blocks += _kind(crd["spec"], version)
    return blocks


def _annotations() -> tuple[tuple[str, ...], Iterator[tuple[str, ...]]]:
    rows = (
        (f"`{name}`", ", ".join(f"`{word}`" for word in WORDS.get(name, {})) or "any text", words)
        for name, words in MEANINGS.items()
    )
    return ("Annotation", "Value", "Meaning"), rows


def _kind(spec: dict[str, Any], version: dict[str, Any]) -> list[str]:
    schema = version["schema"]["openAPIV3Schema"]
    heads = ("Field", "Type", "Meaning")
    short = ", ".join(f"`{name}`" for name in spec["names"].get("shortNames", ()))
    blocks = [
        f"## {spec['group']}/{version['name']}",
        f"{schema['description']} `kubectl get` also knows it as {short}.",
    ]
    for part in ("spec", "status"):
        blocks += [f"### {part}", table(heads, _fields(schema["properties"][part], ""))]
    columns = ((one["name"], one["description"]) for one in version["additionalPrinterColumns"])
    return [*blocks, "### What `kubectl get` shows", table(("Column", "Meaning"), columns)]


def _fields(schema: dict[str, Any], above: str) -> Iterator[tuple[str, ...]]:
    """Walk over a schema's fields, those of lists and maps included."""
    for name, field in schema.get("properties", {}).items():
        needed = " (required)" if name in schema.get("required", ()) else ""
        path = f"{above}{name}"
        inner = field.get("items", field)
        kind = (
            f"list of {inner.get('type', 'any')}" if "items" in field else field.get("type", "any")
        )
        yield f"`{path}`{needed}", kind, field.get("description", "") + _limits(field)
        yield from _fields(inner, f"{path}{'[]' if 'items' in field else ''}.")


def _limits(field: dict[str, Any]) -> str:
    """Say what the API server checks of a field."""
    words = {
        "pattern": "must match `{}`",
        "maxLength": "{} characters at most",
        "minimum": "at least {}",
        "maximum": "at most {}",
        "enum": "one of {}",
        "default": "default `{}`",
    }
    said = [text.format(_listed(field[name])) for name, text in words.items() if name in field]
    for node in (field, field.get("items", {})):
        said += [rule["message"] for rule in node.get("x-kubernetes-validations", ())]
    return f" ({'; '.join(said)})" if said else ""


def _listed(limit: Any) -> str:
    if isinstance(limit, list | tuple):
        return ", ".join(str(one) for one in limit if one is not None)
    return str(limit)


def decisions_page() -> str:
    rows = (
        (
            str(number),
            f"`{rule.name}`",
            "any" if rule.states == decide.ANY else ", ".join(rule.states),
            ", ".join(kind.__name__ for kind in rule.leads),
            _one_paragraph(rule.check),
        )
        for number, rule in enumerate(decide.RULES, 1)
    )
    states = ((f"`{one}`", decide.WORDS[one]) for one in decide.State)
    answers = ((f"`{one.__name__}`", _one_paragraph(one)) for one in _answers())
    return page(
        "What Helmward does when",
        "At each turn these rules are asked in order; the first one that has an answer decides. "
        "If none has one, all is in sync and there is nothing to do.",
        table(("", "Rule", "Asked of", "Answers", "What it says"), rows),
        "## States",
        "What a HelmRelease finds under its release name:",
        table(("State", "Meaning"), states),
        "## Answers",
        table(("Answer", "Meaning"), answers),
        "## The same as a diagram",
        "An arrow is an answer that changes the state when its verb succeeds, with the rules that "
        "give it. A verb that fails leads to `Failed`, one whose operator dies to `Pending`.",
        _diagram(),
    )


def _answers() -> list[type]:
    """Return every kind of answer once, in the order of the rules that give them."""
    return list(dict.fromkeys(kind for rule in decide.RULES for kind in rule.leads))


def _diagram() -> str:
    """Draw the states and what leads from one to another, as the table of rules has it."""
    arrows: dict[tuple[str, str, str], list[str]] = {}
    for rule in decide.RULES:
        for kind, target in rule.leads.items():
            if target is None:
                continue
            for state in rule.states:
                arrow = (state.value, target.value, kind.__name__)
                arrows.setdefault(arrow, []).append(rule.name)
    lines = [
        f"    {source} --> {target}: {kind}<br/>{', '.join(names)}"
        for (source, target, kind), names in sorted(arrows.items())
        if source != target or kind == "Upgrade"
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> Absent", *lines, "```"])


def errors_page() -> str:
    intro = inspect.getdoc(errors) or ""
    blocks = [intro.replace("::\n", ":\n").split("HelmwardError\n")[0].strip().rstrip(":") + "."]
    for branch in errors.HelmwardError.__subclasses__():
        rows = (
            (f"`{one.__name__}`", f"`{one.reason}`", _one_paragraph(one))
            for one in branch.__subclasses__()
        )
        heads = ("Error", "Reason in conditions", "Meaning")
        blocks += [f"## {branch.__name__}", _one_paragraph(branch), table(heads, rows)]
    return page("Errors", *blocks)


def _one_paragraph(thing: object) -> str:
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def generated() -> dict[Path, str]:
    """Return every generated file and what has to stand in it."""
    pages: dict[str, Callable[[], str]] = {
        "cli.md": cli_page,
        "fluxd-flags.md": fluxd_page,
        "sync-config.md": sync_config_page,
        "helmrelease.md": helmrelease_page,
        "gitsync.md": gitsync_page,
        "decisions.md": decisions_page,
        "errors.md": errors_page,
    }
    files = {REFERENCE / name: write() for name, write in pages.items()}
    for crd in crd_documents():
        text = yaml.safe_dump(crd, sort_keys=False, width=100)
        files[CRDS / f"{crd['metadata']['name']}.yaml"] = (
            f"# Written by tools/gendocs.py (make generate): change the model.\n{text}"
        )
    return files


def check(files: dict[Path, str]) -> int:
    """Show how the files differ from what the code says; 1 if they do."""
    drift = 0
    for path, wanted in files.items():
        found = path.read_text() if path.exists() else ""
        names = (str(path.relative_to(ROOT)), "generated")
        lines = difflib.unified_diff(found.splitlines(), wanted.splitlines(), *names, lineterm="")
        if diff := list(lines):
            drift = 1
            print("\n".join(diff))
    for stray in {*CRDS.glob("*.yaml")} - {*files}:
        drift = 1
        print(f"{stray.relative_to(ROOT)} belongs to no CRD")
    if drift:
        print("generated files are out of date: make generate", file=sys.stderr)
    return drift


def main() -> int:
    files = generated()
    if "--check" in sys.argv[1:]:
        return check(files)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
