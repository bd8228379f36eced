"""The lean path and the SDK's own, as two who do the same in their own namespaces."""

import asyncio
import json
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from helmward.engine import ActionOptions
from helmward.errors import HelmwardError
from helmward.model import Base
from tests.differential.case import Case, Verb, named
from tests.support.helm import Helm

BINARIES: Final = Path(__file__).parents[2] / "src" / "helmward" / "_bin"
LONG: Final = timedelta(seconds=90)
"""What no verb needs."""
UNTHROTTLED: Final = "--burst-limit=10000"
"""Stock Helm holds itself back after a hundred requests; what it leaves is the same."""
VERSIONS: Final = {Verb.INSTALL: "1.0.0", Verb.UPGRADE: "2.0.0"}
WHY: Final = {verb: f"{verb} by a test" for verb in Verb}
"""The description that is stored with a revision; stock Helm is told the same."""


class Doer(Protocol):
    """Who does verbs in one namespace."""

    @property
    def namespace(self) -> str:
        """Where it works."""
        ...

    async def perform(self, verb: Verb, case: Case) -> str:
        """Do a verb, and return what it failed of; empty where it did not fail."""
        ...


@dataclass(frozen=True, slots=True)
class Lean:
    """Our engine, in one namespace."""

    helm: Helm

    @property
    def namespace(self) -> str:
        """Where it works."""
        return self.helm.namespace

    async def perform(self, verb: Verb, case: Case) -> str:
        """Do a verb, and return what it failed of; empty where it did not fail."""
        ref = self.helm.ref(case.release)
        over = await self.helm.engine.get(ref)
        how: dict[str, Any] = {"base": over.base if over else Base(), "deadline": LONG}
        if verb == Verb.ROLLBACK:
            how["options"] = ActionOptions(to_revision=1)
        try:
            if verb in VERSIONS:
                how |= await self._wanted(verb, case)
            await getattr(self.helm.engine, verb)(ref, why=WHY[verb], **how)
        except HelmwardError as error:
            return str(error)
        return ""

    async def _wanted(self, verb: Verb, case: Case) -> dict[str, Any]:
        edition = case.edition(verb)
        edition.pack(self.helm.repo.folder, case.name, VERSIONS[verb], self.namespace)
        self.helm.repo.reindex()
        given = named(edition.given, self.namespace)
        return {
            "chart": await self.helm.pull(case.name, VERSIONS[verb]),
            "values": json.dumps(given).encode(),
        }


@dataclass(frozen=True, slots=True)
class Stock:
    """Stock Helm as a program, in one namespace, with nothing of the user's."""

    kubeconfig: str
    namespace: str
    folder: Path
    by_force: bool = False
    """Whether fields that another manager has set become its own."""

    async def perform(self, verb: Verb, case: Case) -> str:
        """Do a verb, and return what it failed of; empty where it did not fail."""
        words = {
            Verb.INSTALL: (),
            Verb.UPGRADE: ("--reset-values",),
            Verb.TEST: (),
            Verb.ROLLBACK: ("1",),
            Verb.UNINSTALL: ("--ignore-not-found",),
        }[verb]
        wanted = self._wanted(verb, case) if verb in VERSIONS else ()
        how = [f"--timeout={int(LONG.total_seconds())}s", UNTHROTTLED]
        if verb != Verb.TEST:
            how.append(f"--description={WHY[verb]}")
        if self.by_force and verb in {Verb.UPGRADE, Verb.ROLLBACK}:
            how.append("--force-conflicts")
        code, _, errors = await self.run("helm", verb, case.release, *wanted, *words, *how)
        assert code == 0 or errors
        return errors if code else ""

    def _wanted(self, verb: Verb, case: Case) -> tuple[str, ...]:
        edition = case.edition(verb)
        chart = edition.pack(self.folder, case.name, VERSIONS[verb], self.namespace)
        values = self.folder / f"{verb}.json"
        values.write_text(json.dumps(named(edition.given, self.namespace)))
        return str(chart), f"--values={values}"

    async def read(self, program: str, namespace: str, *words: str) -> str:
        """Ask about a release in any namespace; a failure shows what it said."""
        code, out, errors = await self.run(program, *words, f"--namespace={namespace}")
        return out.replace(namespace, "NAMESPACE") if code == 0 else errors

    async def run(self, program: str, *words: str) -> tuple[int, str, str]:
        """Run a Helm and return its exit code and both of its outputs."""
        pipe = asyncio.subprocess.PIPE
        if not any(word.startswith("--namespace=") for word in words):
            words = (*words, f"--namespace={self.namespace}")
        process = await asyncio.create_subprocess_exec(
            str(BINARIES / program), *words, env=self._environment(), stdout=pipe, stderr=pipe
        )
        out, errors = await process.communicate()
        return process.returncode or 0, out.decode(), errors.decode()

    def _environment(self) -> dict[str, str]:
        homes = {
            f"HELM_{kind}_HOME": str(self.folder / kind.lower())
            for kind in ("CACHE", "CONFIG", "DATA")
        }
        plain = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        return plain | homes | {"KUBECONFIG": self.kubeconfig}
