package gossip

import (
	"context"
	"iter"
	"sync"
	"time"
)

// Listen yields every packet that comes, those that Run would not take included: Packet.Err says why. It sends nothing.
// The iteration ends with ctx or when the caller stops; the one error it yields, as its last pair, is why the port can't
// be opened or read. It shares the port with running nodes of this host. Packets are not limited in rate.
func (s *Strategy) Listen(ctx context.Context) iter.Seq2[Packet, error] {
	return func(yield func(Packet, error) bool) {
		set, err := s.settings()
		if err != nil {
			yield(Packet{}, err)
			return
		}
		n, err := set.open(ctx)
		if err != nil {
			yield(Packet{}, err)
			return
		}
		var readers sync.WaitGroup
		defer readers.Wait()
		defer n.close()
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		packets := make(chan Packet)
		nonces := &replay{window: set.MaxSkew}
		for _, k := range n.sockets {
			r := &receiver{n: n, socket: k, codec: set.codec(nonces), every: true}
			readers.Go(func() { // owned by Listen, ends when the socket is closed
				if err := r.read(hand(ctx, packets)); err != nil {
					cancel(err)
				}
			})
		}
		show(ctx, n, packets, yield)
	}
}

// show yields packets until ctx is done; if that is because of a socket, why.
func show(ctx context.Context, n *network, packets <-chan Packet, yield func(Packet, error) bool) {
	look := time.NewTicker(n.s.Interval)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			n.refresh()
		case p := <-packets:
			if !yield(p, nil) {
				return
			}
		case <-ctx.Done():
			if e, ok := context.Cause(ctx).(*NetworkError); ok {
				yield(Packet{}, e)
			}
			return
		}
	}
}
