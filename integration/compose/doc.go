// Package compose holds the tests in containers: ../docker-compose.yml brought up, put through its paces, and taken down. They
// need a Docker engine with Compose; `make compose` runs them where there is one and says so where there is none. Images come
// from ../images.sh, which the tests run first.
//
// The Erlang nodes are asked through `docker exec` (../erlang/gonode_container.erl), so that a container without a network can
// be asked as well.
package compose
