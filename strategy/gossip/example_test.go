package gossip_test

import (
	"context"
	"fmt"
	"time"

	"gonode/strategy"
	"gonode/strategy/gossip"
)

// Two nodes on the loopback interface hear each other. A node has the strategy in its Config instead.
func ExampleStrategy() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	node := func(name string) *gossip.Strategy {
		return &gossip.Strategy{Self: name, Port: 45891, MulticastInterfaces: []string{"127.0.0.1"}, Secret: "somepassword"}
	}
	done := make(chan struct{})
	go func() { defer close(done); node("a@127.0.0.1").Run(ctx, make(chan strategy.Set)) }() // ends with ctx

	out := make(chan strategy.Set)
	go node("b@127.0.0.1").Run(ctx, out) // ends with ctx
	for set := range out {
		if len(set.Nodes) > 0 {
			fmt.Println(set.Nodes[0].Name)
			break
		}
	}
	cancel()
	<-done
	// Output: a@127.0.0.1
}

// Listen shows what is on the network, and sends nothing.
func ExampleStrategy_Listen() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	s := &gossip.Strategy{Port: 45890, MulticastInterfaces: []string{"127.0.0.1"}}
	for packet, err := range s.Listen(ctx) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(packet.From, packet.Frame, packet.Kind, packet.Node, packet.Err)
	}
	// Output:
}
