package events_test

import (
	"context"
	"errors"
	"fmt"

	"ergo.services/ergo/gen"

	"gonode/events"
)

func ExampleHub_Subscribe() {
	var hub events.Hub // a node has one: node.Node.Events
	hub.Publish(events.NodeUp{Node: "a@127.0.0.1"})

	sub := hub.Subscribe(context.Background())
	hub.Publish(events.NodeUp{Node: "b@127.0.0.1"})
	hub.Publish(events.NodeDown{Node: "a@127.0.0.1", Reason: gen.Atom("connection_closed")})
	hub.Close()

	for ev := range sub.All() {
		switch ev := ev.(type) {
		case events.NodeUp:
			fmt.Println("up", ev.Node, "initial:", ev.Initial)
		case events.NodeDown:
			fmt.Println("down", ev.Node, "reason:", string(ev.Reason.(gen.Atom)))
		case events.Synced:
			fmt.Println("that is all who were here before")
		}
	}
	fmt.Println(sub.Err())
	// Output:
	// up a@127.0.0.1 initial: true
	// that is all who were here before
	// up b@127.0.0.1 initial: false
	// down a@127.0.0.1 reason: connection_closed
	// events: subscription closed
}

func ExampleDiscovery() {
	var hub events.Hub
	sub := hub.Subscribe(context.Background(), events.Discovery())
	hub.Publish(events.StrategyFailed{Source: "dns", Nodes: 3, Err: errors.New("SERVFAIL")})
	hub.Publish(events.Decision{Kind: "kept", Node: "a@127.0.0.1", Reason: "the answer was partial"})
	hub.Close()
	for ev := range sub.All() {
		switch ev := ev.(type) {
		case events.Decision:
			fmt.Println(ev.Kind, ev.Node, "-", ev.Reason)
		case events.StrategyFailed:
			fmt.Println(ev.Source, "failed, its", ev.Nodes, "nodes stay wanted:", ev.Err)
		}
	}
	// Output:
	// dns failed, its 3 nodes stay wanted: SERVFAIL
	// kept a@127.0.0.1 - the answer was partial
}
