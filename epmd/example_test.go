package epmd_test

import (
	"context"
	"errors"
	"fmt"
	"net"

	"gonode/epmd"
)

// Ask an epmd for a node. Here it is a Server of our own, on a port that the system chooses.
func ExampleClient() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	lns, err := epmd.Listen(ctx, []string{"127.0.0.1"}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	go func() { done <- new(epmd.Server).Serve(ctx, lns...) }()

	client := epmd.Client{Port: lns[0].Addr().(*net.TCPAddr).Port}
	reg, err := client.Register(ctx, "127.0.0.1", epmd.Node{Name: "alice", Port: 9100})
	if err != nil {
		fmt.Println(err)
		return
	}
	names, _ := client.Names(ctx, "127.0.0.1")
	fmt.Println(names)
	node, _ := client.Lookup(ctx, "127.0.0.1", "alice")
	fmt.Println(node.Port, node.Version())
	_, err = client.Lookup(ctx, "127.0.0.1", "bob")
	fmt.Println(errors.Is(err, epmd.ErrNotFound))

	reg.Close()
	cancel()
	fmt.Println(<-done)
	// Output:
	// [name alice at port 9100]
	// 9100 6
	// true
	// <nil>
}

// Keep a node's name in the epmd of this host, whoever serves there, until the node ends.
func ExampleKeep() {
	lns, err := epmd.Listen(context.Background(), nil, 0) // a free port, for the example
	if err != nil {
		fmt.Println(err)
		return
	}
	port := lns[0].Addr().(*net.TCPAddr).Port
	for _, ln := range lns {
		ln.Close()
	}

	keeper, err := epmd.Keep(context.Background(), epmd.KeeperConfig{
		Port: port, // leave out for 4369
		Node: epmd.Node{Name: "alice", Port: 9100},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer keeper.Close()
	fmt.Printf("%+v\n", keeper.Status())
	// Output:
	// {Registered:true Serving:true Err:<nil>}
}
