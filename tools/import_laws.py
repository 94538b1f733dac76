"""import-linter's contracts for a house that is still being built.

The lists in pyproject.toml name every room; a name whose module is not made yet is passed over
with a warning, instead of failing the run. Nothing else differs from the library's own contracts.
"""

from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.domain.imports import ModuleExpression


def _made(
    contract: Contract, graph: ImportGraph, field: object
) -> tuple[set[ModuleExpression], list[str]]:
    """The expressions that can be checked now, and the names of those that cannot.

    `field` is declared as a field on the class; on the object stands the set read from the file.
    """
    expressions = cast(set[ModuleExpression], field)
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


class ForbiddenWhereMade(ForbiddenContract):
    """`forbidden`, over the modules that exist."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        sources, no_source = _made(self, graph, self.source_modules)
        targets, no_target = _made(self, graph, self.forbidden_modules)
        vars(self).update(source_modules=sources, forbidden_modules=targets)
        result = super().check(graph, verbose)
        result.warnings.extend(no_source + no_target)
        return result


class IndependenceWhereMade(IndependenceContract):
    """`independence`, between the modules that exist."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        modules, missing = _made(self, graph, self.modules)
        vars(self).update(modules=modules)
        result = super().check(graph, verbose)
        result.warnings.extend(missing)
        return result


class LayersWhereMade(LayersContract):
    """`layers`, in the containers that exist."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        if not self.containers:
            return super().check(graph, verbose)
        containers, missing = _made(self, graph, self.containers)
        vars(self).update(containers=containers)
        result = super().check(graph, verbose)
        result.warnings.extend(missing)
        return result
