"""The chart that a HelmRelease asks for, from wherever it is published.

Called by `desire`. Decides who asks and on which terms; fetching and keeping
is the engine's, mirrors of git are those of `GitCharts`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import structlog

from helmward.charts.answers import Answers, Question
from helmward.charts.credentials import access_of, body_of, secrets_of
from helmward.charts.egress import for_engine, permit
from helmward.charts.git import GitCharts
from helmward.charts.imported import read_imported
from helmward.charts.keys import FIELD as KEYS_FIELD
from helmward.charts.keys import keys_of
from helmward.charts.policy import Policies, Policy, read_policies
from helmward.charts.terms import Wanted, address_of, loosened, problem_of, verifications
from helmward.charts.urls import scheme_of, shown
from helmward.engine import Engine
from helmward.errors import (
    AccessDenied,
    ChartUnverified,
    NotFound,
    SourceForbidden,
    SourceUnavailable,
    SpecInvalid,
)
from helmward.git.login import NOBODY, GitLogin, read_login
from helmward.kube.entries import Entries
from helmward.kube.resources import SECRETS
from helmward.model import ANYBODY, VERIFY, Access, Chart, ChartRef, Declared, GitChart, Key
from helmward.redaction import REDACTOR, Redactor
from helmward.settings import ChartSettings

PULL_DEADLINE: Final = timedelta(seconds=60)
IMPORTED: Final = "--helm-repository-import"
"""Whose secrets those of repositories.yaml are."""
PULL_SECRET: Final = "spec.chart.chartPullSecret"  # noqa: S105  # the name of a field
GIT_SECRET: Final = "spec.chart.secretRef"  # noqa: S105  # the name of a field
NO_SETTINGS: Final = ChartSettings()

log = structlog.get_logger("helmward.charts")


class Charts:
    """Where charts come from, as the settings have it; their files are read at once.

    `work` is the folder of git's mirrors, which may outlive the process; without
    one, charts in git are not served.

    Raises:
        ConfigInvalid: the policies cannot be read.
    """

    def __init__(
        self,
        engine: Engine,
        settings: ChartSettings = NO_SETTINGS,
        *,
        work: Path | None = None,
        redactor: Redactor = REDACTOR,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._redactor = redactor
        self._listeners: list[Callable[[Key], None]] = []
        self._answers = Answers()
        self._asked: dict[Key, tuple[Question, ...]] = {}
        self._policies = read_policies(settings.policies) if settings.policies else Policies()
        self._imported = read_imported(settings.imported)
        for warning in self._imported.warnings:
            log.warning(warning)
        known = (secrets_of(one.access) for one in self._imported.repositories)
        redactor.learn(IMPORTED, frozenset().union(*known))
        self._git = self._mirrors(work) if work else None

    def on_news(self, listener: Callable[[Key], None]) -> None:
        """Call `listener` with each HelmRelease whose chart in git is another than it got."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Follow the repositories of git until cancelled."""
        if self._git:
            await self._git.run()

    def refresh(self, urls: Iterable[str] | None = None) -> None:
        """Have git asked at once: every repository, or those that an address is like."""
        if self._git:
            self._git.refresh(urls)

    async def pull(self, declared: Declared, entries: Entries, *, fresh: timedelta) -> Chart:
        """Return the chart, its source asked again when known for longer than `fresh`.

        Credentials and keys are read from `entries`, and masked from here on.
        A source that is down serves what was fetched before; the chart then
        says so in `stale_reason`.

        Raises:
            SpecInvalid: a reference, a Secret or an annotation says nothing that can be meant.
            SourceForbidden: flags or a policy keep the address from being asked.
            SourceUnavailable, ChartNotFound, ChartRejected, ChartUnverified, EngineLost:
                as they say; a Secret that is not there makes its source unavailable.
        """
        asking = Asking(declared, entries, self._redactor)
        self._asked.pop(declared.key, None)
        if isinstance(declared.chart, GitChart):
            return await self._from_git(declared.chart, asking, fresh)
        return await self._from_repository(declared.chart, asking, fresh)

    def known(self, declared: Declared, fresh: timedelta) -> Chart | None:
        """Return what `pull` would, without asking anybody; None where it has to ask.

        For who has pulled with these very references, and whose Secrets are as they were.
        """
        asked = self._asked.get(declared.key, ())
        charts = [self._answers.get(one, fresh) for one in asked if one.ref == declared.chart]
        return charts[0] if charts and all(one == charts[0] for one in charts) else None

    def forget_answers(self) -> None:
        """Ask every source anew: the engine has lost a chart."""
        self._answers.forget()

    def forget(self, key: Key) -> None:
        """Let go of what was kept for a HelmRelease that is gone: its mirror, its secrets."""
        self._asked.pop(key, None)
        self._redactor.forget(mask_of(key.owner))
        if self._git:
            self._git.let_go(key)

    def _mirrors(self, work: Path) -> GitCharts:
        """Make what follows git; folders of this machine are read where a prefix names some."""
        allowed = self._settings.allowed
        return GitCharts(
            self._engine,
            self._settings.git,
            work,
            repositories=self._imported.repositories,
            allowed=for_engine(allowed),
            changed=self._tell,
            local=any(scheme_of(prefix) == "file" for prefix in allowed),
        )

    def _tell(self, key: Key) -> None:
        for listener in self._listeners:
            listener(key)

    async def _from_repository(self, ref: ChartRef, asking: "Asking", fresh: timedelta) -> Chart:
        if self._git:
            self._git.let_go(asking.key)  # the chart may have come from git before
        plugins = self._settings.engine.plugins is not None
        if problem := problem_of(ref, plugins=plugins):
            raise SpecInvalid(problem)
        policy = self._permitted("spec.chart.repository", ref.repository, address_of(ref))
        access = await asking.access(ref) or self._imported.access(ref.repository) or ANYBODY
        access = loosened(access, asking.source, policy)
        verified = verifications(await asking.wanted(), policy)
        questions = tuple(Question(ref, access, one) for one in verified)
        self._asked[asking.key] = questions
        chart: Chart | None = None
        for question in questions:
            found = await self._ask(question, fresh)
            if chart and chart.digest != found.digest:
                raise SourceUnavailable(
                    f"{shown(ref.repository)} has just published another {found}: looking again"
                )
            chart = found
        assert chart  # noqa: S101  # there is one verification at the least
        return chart

    async def _ask(self, question: Question, fresh: timedelta) -> Chart:
        """Return what somebody was told lately, else what the engine finds."""
        if known := self._answers.get(question, fresh):
            return known
        asked = self._answers.clock()
        found = await self._engine.pull_chart(
            question.ref,
            max_index_age=fresh,
            access=question.access,
            verification=question.verification,
            allowed=for_engine(self._settings.allowed),
            deadline=PULL_DEADLINE,
        )
        self._answers.keep(question, found, asked)
        return found

    async def _from_git(self, chart: GitChart, asking: "Asking", fresh: timedelta) -> Chart:
        policy = self._permitted("spec.chart.git", chart.url, chart.url)
        if policy.verification:
            raise ChartUnverified(
                f"spec.chart.git: the policy of {policy.url} asks for signatures, and charts in "
                "git carry none: take the chart from a repository"
            )
        if asking.source.verify:
            raise SpecInvalid(
                f"metadata.annotations[{VERIFY}]: charts in git carry no signatures: "
                "take the annotation away"
            )
        if self._git is None:
            raise SourceForbidden("spec.chart.git: charts from git are not served here")
        login = await asking.login(chart)
        return await self._git.pull(asking.key, chart, login, fresh=fresh)

    def _permitted(self, field: str, url: str, address: str) -> Policy:
        """Return the policy of an address that may be asked."""
        settings = self._settings
        permit(field, url, settings.allowed, refuse_local=settings.engine.refuse_local)
        policy = self._policies.of(address)
        if not policy.allow:
            raise SourceForbidden(
                f"{field}: the policy of {policy.url} (--chart-policies) does not allow "
                f"{shown(url)}: take another source"
            )
        return policy


class Asking:
    """One HelmRelease that asks, and what its Secrets say."""

    def __init__(self, declared: Declared, entries: Entries, redactor: Redactor) -> None:
        self.key = declared.key
        self.source = declared.source
        self._namespace = declared.key.namespace
        self._entries = entries
        self._redactor = redactor

    async def access(self, ref: ChartRef) -> Access | None:
        """Return what `chartPullSecret` says; None where none is named."""
        found: Access | None = None
        if ref.pull_secret:
            held = await self._secret(PULL_SECRET, self._namespace, ref.pull_secret)
            found = access_of(held, f"{self._namespace}/{ref.pull_secret}", PULL_SECRET)
        self._keep(secrets_of(found or ANYBODY) | _in_url(ref.repository))
        return found

    async def wanted(self) -> Wanted:
        """Return who must have signed, as the annotations have it."""
        keys: tuple[bytes, ...] = ()
        if self.source.verify and self.source.verify_keys:
            held = await self._secret(KEYS_FIELD, self._namespace, self.source.verify_keys)
            keys = keys_of(held, self.source.verify, f"{self._namespace}/{self.source.verify_keys}")
        return Wanted(self.source.verify, keys)

    async def login(self, chart: GitChart) -> GitLogin:
        """Return who asks a git repository, as `secretRef` says; nobody where there is none."""
        found = NOBODY
        if chart.secret_name:
            space, name = chart.secret_namespace, chart.secret_name
            found = read_login(await self._secret(GIT_SECRET, space, name))
            if found == NOBODY:
                raise SpecInvalid(
                    f"{GIT_SECRET}: Secret {space}/{name} holds no login: give it username and "
                    "password, bearerToken, or identity and known_hosts"
                )
        self._keep({*found.secrets, *body_of(found.identity)} | _in_url(chart.url))
        return found

    async def _secret(self, field: str, namespace: str, name: str) -> Mapping[str, bytes]:
        try:
            return await self._entries.entries(SECRETS, namespace, name)
        except NotFound:
            raise SourceUnavailable(
                f"{field}: there is no Secret {namespace}/{name}: create it"
            ) from None
        except AccessDenied as error:
            raise AccessDenied(f"{field}: {error}") from error

    def _keep(self, secrets: Iterable[str]) -> None:
        """Have secrets masked from now on; the same again costs nothing."""
        self._redactor.learn(mask_of(self.key.owner), secrets)


def mask_of(owner: str) -> str:
    """Name the secrets of a HelmRelease's source, which are not those of its values."""
    return f"{owner} chart"


def _in_url(url: str) -> frozenset[str]:
    """Return the password that stands in an address, as written and as meant."""
    try:
        password = urlsplit(url).password or ""
    except ValueError:
        return frozenset()
    return frozenset({password, unquote(password)} - {""})
