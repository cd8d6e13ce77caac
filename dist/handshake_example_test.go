package dist_test

import (
	"context"
	"errors"
	"fmt"
	"net"

	"ergo.services/ergo/gen"

	"gonode/dist"
)

// Both roles of a handshake in one process. An Erlang node can be on either side.
func ExampleInitiator_Handshake() {
	dialled, accepted := net.Pipe()
	acceptor := dist.Acceptor{
		Self:   dist.Hello{Name: "b@localhost", Flags: dist.Visible, Creation: 8},
		Cookie: func(gen.Atom) string { return "monster" },
	}
	ended := make(chan error)
	go func() {
		result, err := acceptor.Handshake(context.Background(), accepted)
		fmt.Println("accepted", result.Peer.Name)
		ended <- err
	}()

	initiator := dist.Initiator{
		Self:   dist.Hello{Name: "a@localhost", Flags: dist.Visible, Creation: 7},
		Peer:   "b@localhost",
		Cookie: "monster",
	}
	result, err := initiator.Handshake(context.Background(), dialled)
	fmt.Println(<-ended)
	fmt.Println("connected to", result.Peer.Name, err)
	fmt.Println("visible:", result.Flags.Has(dist.FlagPublished))
	// Output:
	// accepted 'a@localhost'
	// <nil>
	// connected to 'b@localhost' <nil>
	// visible: true
}

// A node with another cookie hangs up without a word; the error says what that means.
func ExampleHandshakeError() {
	dialled, accepted := net.Pipe()
	acceptor := dist.Acceptor{
		Self:   dist.Hello{Name: "b@localhost", Flags: dist.Visible, Creation: 8},
		Cookie: func(gen.Atom) string { return "monster" },
	}
	go func() {
		defer accepted.Close()
		acceptor.Handshake(context.Background(), accepted)
	}()

	initiator := dist.Initiator{
		Self:   dist.Hello{Name: "a@localhost", Flags: dist.Visible, Creation: 7},
		Peer:   "b@localhost",
		Cookie: "another",
	}
	_, err := initiator.Handshake(context.Background(), dialled)
	fmt.Println(errors.Is(err, dist.ErrCookie))
	fmt.Println(err)
	// Output:
	// true
	// handshake with b@localhost: read its answer to our challenge: no common cookie (it hung up on our answer to its challenge: the cookie is not the one b@localhost uses)
}
