"""Who asks, what may they do, and how do roles come and go?"""

from domain.access.principal import DEVELOPMENT as DEVELOPMENT
from domain.access.principal import INSTALLATION as INSTALLATION
from domain.access.principal import Principal as Principal
from domain.access.principal import Role as Role
