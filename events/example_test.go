package events_test

import (
	"context"
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
