// Package eventjson writes events as JSON, the same for HTTP, hooks and whoever else hands them out.
//
// Every object has "v" (Version), "time" (RFC 3339, UTC, to the nanosecond) and "event", the name of its kind: nodeup,
// nodedown, synced, skipped, decision, strategy_failed, strategy_recovered. The other members depend on that. Members may be
// added; when one goes or means something else, Version changes.
package eventjson
