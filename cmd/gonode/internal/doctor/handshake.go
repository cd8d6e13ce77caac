package doctor

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"net"

	"ergo.services/ergo/gen"

	"gonode/dist"
)

// handshake shakes hands as a hidden node and hangs up.
func (d *Doctor) handshake(ctx context.Context, target string, nc net.Conn) Finding {
	var creation [4]byte
	_, _ = rand.Read(creation[:]) // never fails
	i := dist.Initiator{
		Self:        dist.Hello{Name: gen.Atom(d.Self), Flags: dist.Hidden, Creation: binary.BigEndian.Uint32(creation[:]) | 4},
		Peer:        gen.Atom(target),
		Cookie:      d.Cookie,
		StepTimeout: d.Step,
	}
	heard := &recorder{Conn: nc}
	result, err := i.Handshake(ctx, heard)
	if err == nil {
		kind := "a visible node"
		if !result.Peer.Flags.Has(dist.FlagPublished) {
			kind = "a hidden node"
		}
		return ok("handshake", target, fmt.Sprintf("the cookie is right; it is %s with flags 0x%x", kind, uint64(result.Peer.Flags)))
	}
	return d.refused(ctx, target, heard, err)
}

// recorder keeps what is read, for the name that the other side gives itself. A handshake reads little.
type recorder struct {
	net.Conn
	read []byte
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.read = append(r.read, p[:n]...)
	return n, err
}

// name returns what the other side says it is called, or "".
func (r *recorder) name() string {
	for e := range (&dist.Transcript{Listener: r.read}).Entries(dist.Listener) {
		if e.Hello == nil {
			continue
		}
		if _, _, err := dist.ParseName(string(e.Hello.Name)); err == nil {
			return string(e.Hello.Name)
		}
	}
	return ""
}

// refused says why a handshake failed.
func (d *Doctor) refused(ctx context.Context, target string, heard *recorder, err error) Finding {
	hint := ""
	if e, ok := errors.AsType[*dist.HandshakeError](err); ok {
		hint = e.Hint
	}
	fail := func(cause, text, fix string) Finding { return bad("handshake", target, cause, text, fix, err) }
	switch {
	case errors.Is(err, dist.ErrCookie):
		return fail(CauseCookie, "the cookie is not the one it uses",
			"give both the same: erl -setcookie, ~/.erlang.cookie (readable by its owner only), --cookie-file, GONODE_COOKIE")
	case errors.Is(err, dist.ErrFlags), errors.Is(err, dist.ErrOldVersion):
		return fail(CauseFlags, err.Error(), "upgrade the older of the two: "+hint)
	case errors.Is(err, dist.ErrNotAllowed):
		return fail(CauseNotAllowed, "it does not let this node in",
			"take "+d.Self+" into its net_kernel:allow/1 list, or choose a name that is in it (--name); its log says if flags are missing instead")
	case errors.Is(err, dist.ErrName):
		return misnamed(target, heard.name(), err)
	case errors.Is(err, dist.ErrAlive), errors.Is(err, dist.ErrNok):
		return fail(CauseNameInUse, "it is connected to a node that is called "+d.Self+" already", "choose another --name: no two nodes of a cluster have the same")
	case d.speaksTLS(ctx, heard.RemoteAddr().String()):
		return fail(CauseTLS, "it speaks TLS, and this side does not",
			"give both -proto_dist inet_tls, or neither; gonode has no TLS yet")
	case errors.Is(err, dist.ErrTimeout):
		return fail(CauseHangs, "it takes the connection and does not answer",
			"the node is stopped (SIGSTOP), swapping or overloaded, or it is no node of Erlang; look at its host")
	case errors.Is(err, dist.ErrMalformed), errors.Is(err, dist.ErrHangup):
		return fail(CauseNotErlang, err.Error(), "look at what listens there: "+hint)
	}
	return fail(CauseHandshake, err.Error(), hint)
}

// misnamed is for a node that says it is another: one of the other form, one by another name of its host, or a stranger.
func misnamed(target, said string, err error) Finding {
	if said != "" && dist.LongName(said) != dist.LongName(target) {
		return bad("handshake", target, CauseNameForm, fmt.Sprintf("it is %s, a %s, and not %s", said, form(said), target),
			"use that name, and for this side one of the same form; or start it with the other of erl -name and -sname", err)
	}
	text := "the node there has another name"
	if said != "" {
		text = fmt.Sprintf("the node there is %s, and not %s", said, target)
	}
	return bad("handshake", target, CauseWrongName, text, "use the name that the node has itself (node() there): a node has one, whatever else its host is called", err)
}

// speaksTLS reports whether what listens at address answers a TLS handshake. Who it is does not matter.
func (d *Doctor) speaksTLS(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, d.Step)
	defer cancel()
	var dialer net.Dialer
	nc, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	defer nc.Close()
	err = tls.Client(nc, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx)
	_, alert := errors.AsType[tls.AlertError](err)
	op, ok := errors.AsType[*net.OpError](err)
	return err == nil || alert || ok && op.Op == "remote error" // that is how an alert of the other side comes
}
