"""import-linter's contracts for a house that is still being built.

The lists in pyproject.toml name every room; a name whose module is not made yet is passed over
with a warning, instead of failing the run. Nothing else differs from the library's own contracts.
"""

from collections.abc import Iterable

from grimp import ImportGraph
from importlinter import Contract, ContractCheck
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.domain.imports import ModuleExpression


def _made(
    contract: Contract, graph: ImportGraph, expressions: Iterable[ModuleExpression]
) -> tuple[set[ModuleExpression], list[str]]:
    """The expressions that can be checked now, and the names of those that cannot."""
    roots = tuple(contract.session_options["root_packages"])
    checked, missing = set(), []
    for expression in expressions:
        name = expression.expression
        ours = name.split(".")[0] in roots
        if expression.has_wildcard_expression() or not ours or name in graph.modules:
            checked.add(expression)
        else:
            missing.append(name)
    return checked, [f"not made yet: {name}" for name in sorted(missing)]


class ForbiddenWhereMade(ForbiddenContract):  # type: ignore[misc]  # the library has no types
    """`forbidden`, over the modules that exist."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        self.source_modules, no_source = _made(self, graph, self.source_modules)
        self.forbidden_modules, no_target = _made(self, graph, self.forbidden_modules)
        result = super().check(graph, verbose)
        result.warnings.extend(no_source + no_target)
        return result


class IndependenceWhereMade(IndependenceContract):  # type: ignore[misc]  # the library has no types
    """`independence`, between the modules that exist."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        self.modules, missing = _made(self, graph, self.modules)
        result = super().check(graph, verbose)
        result.warnings.extend(missing)
        return result


class LayersWhereMade(LayersContract):  # type: ignore[misc]  # the library has no types
    """`layers`, in the containers that exist."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        if not self.containers:
            return super().check(graph, verbose)
        containers, missing = _made(self, graph, self.containers)
        self.containers = sorted(containers)
        result = super().check(graph, verbose)
        result.warnings.extend(missing)
        return result
