"""How are the facts about tenants told, each in one sentence?"""

from __future__ import annotations

from collections.abc import Mapping

from domain.kernel import Fact
from domain.tenants.facts import TenantOpened

PLAIN: Mapping[type[Fact], str] = {
    TenantOpened: "Tenant {f.tenant} was opened: {f.title}",
}
