package strategy

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkForm measures what it costs to form a cluster of so many nodes, apart from the dials.
func BenchmarkForm(b *testing.B) {
	for _, n := range []int{50, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			names := make([]Name, n)
			for i := range names {
				names[i] = fmt.Sprintf("node%d@10.0.0.1", i)
			}
			for b.Loop() {
				var e *Engine
				e = New(Config{
					Self: "self@h", Sources: Sources(list(names...)), Knobs: Knobs{MaxDials: 100},
					Connector: ConnectFunc(func(_ context.Context, node Node) error {
						e.Up(node.Name, ViaDiscovery)
						return nil
					}),
				})
				ctx, cancel := context.WithCancel(b.Context())
				ended := make(chan error)
				go func() { ended <- e.Run(ctx) }() // ends with ctx
				if err := e.WaitMembers(ctx, n); err != nil {
					b.Fatal(err)
				}
				cancel()
				<-ended
			}
		})
	}
}
