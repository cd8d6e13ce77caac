// Package hooks runs a program, or calls a URL, for each event of a node.
//
// The nouns: a Hook says for which events (a Filter) what is to be done, and within which limits. A Runner does it: each
// hook has a subscription of its own to the node's events, which is its queue, and a number of workers who take from it. So
// a hook that hangs holds up neither the node nor other hooks; what it is too slow for is skipped, coalesced by node, and
// counted.
//
// A program gets the event in its environment and as JSON, or the members as lines, on its standard input:
//
//	GONODE_EVENT          nodeup, nodedown, decision, strategy_failed, strategy_recovered
//	GONODE_SELF           the node that tells
//	GONODE_NODE           whom it is about
//	GONODE_HIDDEN         true or false
//	GONODE_INITIAL        true for a node that was up before the hook began
//	GONODE_REASON         why it is down, an Erlang term; or why it was decided
//	GONODE_ERROR          the same for people
//	GONODE_CREATION, GONODE_CONNECTION_ID
//	GONODE_KIND, GONODE_SOURCE, GONODE_TEXT   of what discovery decides
//	GONODE_SEQ, GONODE_TIME, GONODE_MEMBERS   number and time of the event, and how many nodes are up
//	GONODE_HOOK           the name of the hook
//
// What there is nothing to say of is empty, not missing. It runs in a process group of its own, which is killed when its time
// is over. Of the environment of this process it gets all but the cookie and what systemd has for this process only.
//
// A webhook is a POST of the same JSON. What fails in a way that may pass (the network, 429, 5xx) is tried again, later each
// time. With a secret it is signed: the header Gonode-Signature-256 has sha256= and the HMAC of the body in hex.
package hooks
