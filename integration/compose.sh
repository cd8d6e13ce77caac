#!/bin/bash
# compose.sh - the mixed cluster of docker-compose.yml and the image of gonode, tested in containers; see the folder compose.
#
# Where there is no Docker engine with Compose it says so and ends with 0: the tests in here are for machines that have one.
# GONODE_COMPOSE=must makes that an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

without() {
  echo "NOT TESTED, the mixed cluster in containers: $1" >&2
  [ "${GONODE_COMPOSE:-}" != must ] || exit 1
  exit 0
}

command -v docker > /dev/null || without "there is no docker command here; all else is tested without"
# shellcheck disable=SC2086,SC2116
said=$(timeout 20 docker version --format '{{.Server.Version}}' 2>&1) || without "no Docker engine answers: $(echo $said)"
docker compose version > /dev/null 2>&1 || command -v docker-compose > /dev/null ||
  without "the Docker engine $said is here, but neither docker compose nor docker-compose"
exec "${GO:-go}" test -count=1 -v -timeout 15m ./integration/compose
