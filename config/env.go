package config

import (
	"fmt"
	"slices"
	"strings"
)

// EnvTopology is the name of the topology that the variables of libcluster make.
const EnvTopology = "libcluster"

// envStrategy is the variable without which the others say nothing.
const envStrategy = "LIBCLUSTER_STRATEGY"

// variable is one of libcluster's, with the option of a strategy that it is.
type variable struct{ name, strategy, option string }

// variables are those of libcluster 1.0, as its gossip and Kubernetes strategies read them.
func variables() []variable {
	return []variable{
		{"LIBCLUSTER_MULTICAST_PORT", "gossip", "port"},
		{"LIBCLUSTER_MULTICAST_PORT_IF_ADDR", "gossip", "if_addr"},
		{"LIBCLUSTER_MULTICAST_ADDR", "gossip", "groups"},
		{"LIBCLUSTER_MULTICAST_TTL", "gossip", "ttl"},
		{"LIBCLUSTER_KUBERNETES_SELECTOR", "kubernetes", "selector"},
		{"LIBCLUSTER_KUBERNETES_NODE_BASENAME", "kubernetes", "basename"},
	}
}

// Variables returns the names of the variables that FromEnv reads.
func Variables() []string {
	all := []string{envStrategy}
	for _, v := range variables() {
		all = append(all, v.name)
	}
	return all
}

// FromEnv returns what the variables of libcluster say: one topology called EnvTopology, with the strategy of
// LIBCLUSTER_STRATEGY ("gossip", or "Cluster.Strategy.Gossip") and the options of that strategy. An empty variable counts as not
// set. lookup is os.LookupEnv. The error is Errors.
func FromEnv(lookup func(string) (string, bool)) (*Layer, error) {
	get := func(name string) string {
		value, _ := lookup(name)
		return strings.TrimSpace(value)
	}
	var given []string
	for _, v := range variables() {
		if get(v.name) != "" {
			given = append(given, v.name)
		}
	}
	text := get(envStrategy)
	if text == "" {
		if len(given) > 0 {
			return &Layer{warnings: []string{fmt.Sprintf("without %s it says nothing that there is %s", envStrategy, strings.Join(given, ", "))}}, nil
		}
		return &Layer{}, nil
	}
	at := Origin{Name: envStrategy}
	k, err := findKind(text)
	if err != nil {
		return nil, Errors{{Origin: at, Problem: fmt.Sprintf("is %.60q: %v", text, err), Err: err}}
	}
	if k.name == "epmd" {
		return &Layer{warnings: []string{fmt.Sprintf("%s is %q, which has no nodes and finds nobody, as in libcluster 1.0", envStrategy, text)}}, nil
	}
	values := []Value{{Key: "topologies." + EnvTopology + ".strategy", Text: k.name, Origin: at}}
	for _, v := range variables() {
		if v.strategy == k.name && slices.Contains(given, v.name) {
			values = append(values, Value{
				Key: "topologies." + EnvTopology + "." + v.option, Text: get(v.name), Origin: Origin{Name: v.name},
			})
		}
	}
	return Given(values...)
}
