"""What Helmward does when: the rules, asked in order; the first answer counts.

Pure. `loop` calls `decide` with what is asked for and what was found; time,
retry counts and limits are fields of the arguments. The reference page and its
diagram are printed from `RULES` and the rules' docstrings.
"""

from helmward.model import Decision, Desired, Nothing, Observed
from helmward.releases.decide.table import ANY, RULES, WORDS, Rule, State, state_of

__all__ = ["ANY", "RULES", "WORDS", "Rule", "State", "decide", "ruling", "state_of"]


def decide(desired: Desired, observed: Observed) -> Decision:
    """Return the answer of the first rule that has one."""
    decision, _ = ruling(desired, observed)
    return decision


def ruling(desired: Desired, observed: Observed) -> tuple[Decision, Rule | None]:
    """Return the decision together with the rule that made it; None when all is in sync."""
    for rule in RULES:
        if decision := rule.check(desired, observed):
            return decision, rule
    return Nothing(why="in sync"), None
