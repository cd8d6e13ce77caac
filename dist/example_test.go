package dist_test

import (
	"context"
	"fmt"
	"net"

	"ergo.services/ergo/gen"

	"gonode/dist"
	"gonode/etf"
)

// Two ends of a link in one process, with the handshake already done.
func ExampleConn() {
	left, right := net.Pipe()
	a := dist.Hello{Name: "a@localhost", Flags: dist.Visible, Creation: 7}
	b := dist.Hello{Name: "b@localhost", Flags: dist.Visible, Creation: 8}

	ours := dist.NewConn(left, dist.Result{Self: a, Peer: b, Flags: dist.Visible}, dist.Config{})
	theirs := dist.NewConn(right, dist.Result{Self: b, Peer: a, Flags: dist.Visible}, dist.Config{})
	ended := make(chan error)
	go func() {
		ended <- theirs.Serve(func(s *dist.Signal) error {
			return theirs.Post(&dist.Signal{
				Kind: dist.KindSend, From: gen.PID{Node: b.Name, ID: 1, Creation: 8}, To: s.From,
				Message: etf.Tuple{s.ToName, s.Message},
			})
		})
	}()

	err := ours.Send(context.Background(), &dist.Signal{
		Kind: dist.KindSend, From: gen.PID{Node: a.Name, ID: 1, Creation: 7}, Target: dist.ToName, ToName: "echo",
		Message: gen.Atom("hello"),
	})
	if err != nil {
		fmt.Println(err)
	}
	err = ours.Serve(func(s *dist.Signal) error {
		fmt.Println(s.Kind, s.Message)
		ours.Close(nil)
		return nil
	})
	fmt.Println(dist.Reason(err))
	fmt.Println(dist.Reason(<-ended))
	// Output:
	// send {echo,hello}
	// 'disconnect'
	// 'connection_closed'
}
