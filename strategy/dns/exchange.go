package dns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/miekg/dns"
)

// udpSize is the largest answer over UDP that is asked for: what crosses any network in one piece.
const udpSize = 1232

// ask puts one question to the servers, the one that answered last first, until one of them knows.
func (c *Client) ask(ctx context.Context, s *settings, fqdn string, t Type) (*dns.Msg, string, error) {
	last := &Error{Name: plain(fqdn), Type: t, Reason: ReasonConfig}
	begin := int(c.good.Load())
	for range s.Attempts {
		for i := range s.Servers {
			at := (begin + i) % len(s.Servers)
			server := s.Servers[at]
			reply, err := exchange(ctx, s, server, fqdn, wireType(t))
			reason, cause := verdict(reply, err)
			switch {
			case ctx.Err() != nil:
				return nil, "", &Error{Name: plain(fqdn), Type: t, Reason: ReasonCanceled, Err: context.Cause(ctx)}
			case reason == answered:
				c.good.Store(uint32(at))
				return reply, server, nil
			}
			last = &Error{Name: plain(fqdn), Type: t, Server: server, Reason: reason, Err: cause}
		}
	}
	return nil, "", last
}

// answered is the Reason of no Error.
const answered Reason = -1

// verdict says whether a reply is an answer, and if not why.
func verdict(reply *dns.Msg, err error) (Reason, error) {
	if err != nil {
		return reasonOf(err)
	}
	switch reply.Rcode {
	case dns.RcodeSuccess:
		// A server that knows nothing and asks nobody points elsewhere.
		if len(reply.Answer) == 0 && !reply.Authoritative && !reply.RecursionAvailable && len(reply.Ns) > 0 && !hasSOA(reply) {
			return ReasonServer, errors.New("it names other servers instead of asking them")
		}
		return answered, nil
	case dns.RcodeNameError:
		return answered, nil
	case dns.RcodeRefused:
		return ReasonRefused, nil
	}
	return ReasonServer, errors.New(dns.RcodeToString[reply.Rcode])
}

func hasSOA(reply *dns.Msg) bool {
	for _, rr := range reply.Ns {
		if _, ok := rr.(*dns.SOA); ok {
			return true
		}
	}
	return false
}

// The ways in which a reply is none.
var (
	errTruncated = errors.New("it does not fit, and TCP does not work")
	errReply     = errors.New("it is not the answer to the question")
)

// exchange puts the question to one server.
func exchange(ctx context.Context, s *settings, server, fqdn string, qtype uint16) (*dns.Msg, error) {
	question := new(dns.Msg)
	question.SetQuestion(fqdn, qtype)
	question.SetEdns0(udpSize, false)
	reply, err := roundTrip(ctx, s, "udp", server, question)
	if err == nil && (reply.Rcode == dns.RcodeFormatError || reply.Rcode == dns.RcodeNotImplemented) {
		question.Extra = nil // an old server, which does not know EDNS
		reply, err = roundTrip(ctx, s, "udp", server, question)
	}
	if err != nil || !reply.Truncated {
		return reply, err
	}
	whole, err := roundTrip(ctx, s, "tcp", server, question)
	if err == nil && !whole.Truncated {
		return whole, nil
	}
	_, cause := reasonOf(err)
	if cause == nil {
		return nil, errTruncated
	}
	return nil, fmt.Errorf("%w: %w", errTruncated, cause)
}

// roundTrip sends a question and waits for the reply to it.
func roundTrip(ctx context.Context, s *settings, network, server string, question *dns.Msg) (*dns.Msg, error) {
	client := dns.Client{Net: network, Timeout: s.timeout}
	conn, err := client.DialContext(ctx, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	reply, _, err := client.ExchangeWithConnContext(ctx, question, conn) // over UDP it takes no reply with another number
	if err != nil {
		return nil, err
	}
	return reply, checkReply(question, reply)
}

// checkReply returns an error if the reply is to another question.
func checkReply(question, reply *dns.Msg) error {
	if !reply.Response || reply.Opcode != dns.OpcodeQuery {
		return errReply
	}
	if len(reply.Question) == 0 && reply.Rcode == dns.RcodeFormatError {
		return nil
	}
	want := question.Question[0]
	if len(reply.Question) != 1 {
		return errReply
	}
	got := reply.Question[0]
	if !same(got.Name, want.Name) || got.Qtype != want.Qtype || got.Qclass != want.Qclass {
		return errReply
	}
	return nil
}

// reasonOf tells why an exchange failed, and the cause without what is different each time.
func reasonOf(err error) (Reason, error) {
	var op *net.OpError
	var timeout net.Error
	switch {
	case errors.Is(err, errTruncated):
		return ReasonTruncated, err
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return ReasonTimeout, nil
	case errors.As(err, &op):
		return ReasonUnreachable, op.Err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ReasonUnreachable, errors.New("it hung up")
	}
	return ReasonNonsense, err
}
