package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gonode/cmd/gonode/internal/output"
	"gonode/cmd/gonode/internal/pcap"
	"gonode/dist"
)

// maxCapture is how much data is read from captures, in bytes.
const maxCapture = 1 << 30

// captureFlags is what capture can be told.
type captureFlags struct {
	dialer, listener string
	noTicks          bool
	terms            termFlags
	out              outputFlags
}

func (a *app) captureCommand() *cobra.Command {
	f := &captureFlags{}
	cmd := &cobra.Command{
		Use:   "capture [FILE]",
		Short: "Decode recorded distribution traffic",
		Long: "Capture prints what nodes have said to each other: the handshake, control messages and their terms, a line each.\n" +
			"FILE is a packet capture of tcpdump or Wireshark (pcap or pcapng); - is standard input. What a proxy has kept\n" +
			"of the two directions goes to --dialer and --listener instead; one of them is enough. The traffic must have been\n" +
			"recorded from its beginning, since later atoms refer to earlier ones, and without TLS. Challenges and digests are\n" +
			"not printed.",
		Example: "  tcpdump -i lo -s 0 -w dist.pcap tcp\n  gonode capture dist.pcap\n" +
			"  gonode capture -o ndjson --dialer from-a.bin --listener from-b.bin",
		Args: takes("FILE", 0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.capture(f, args); err != nil {
				return fmt.Errorf("capture: %w", err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.dialer, "dialer", "", "a `file` with the bytes of the node that dialled")
	fs.StringVar(&f.listener, "listener", "", "a `file` with the bytes of the node that was dialled")
	fs.BoolVar(&f.noTicks, "no-ticks", false, "leave ticks out")
	f.terms.addForm(fs, "exact")
	f.out.add(fs)
	return cmd
}

// capture reads the files and prints what is in them.
func (a *app) capture(f *captureFlags, args []string) error {
	tees := f.dialer != "" || f.listener != ""
	switch {
	case tees && len(args) > 0:
		return usagef("both FILE and --dialer or --listener: give one of them")
	case !tees && len(args) == 0:
		return usagef("no FILE given")
	}
	talks, err := a.talks(f, args)
	if err != nil {
		return err
	}
	return a.printTalks(f, talks)
}

// talk is a connection that was recorded.
type talk struct {
	transcript dist.Transcript
	at         func(dist.Side, int64) time.Time
	gap        map[dist.Side]bool
	ends       [2]string // addresses; empty if they are not known
}

// talks reads the files.
func (a *app) talks(f *captureFlags, args []string) ([]talk, error) {
	if len(args) == 1 {
		return a.packets(args[0])
	}
	t := talk{at: func(dist.Side, int64) time.Time { return time.Time{} }}
	for path, to := range map[string]*[]byte{f.dialer: &t.transcript.Dialer, f.listener: &t.transcript.Listener} {
		if path == "" {
			continue
		}
		b, err := a.readFile(path)
		if err != nil {
			return nil, err
		}
		*to = b
	}
	return []talk{t}, nil
}

// readFile reads a file whole; - is standard input.
func (a *app) readFile(path string) ([]byte, error) {
	in := a.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, &usageError{err}
		}
		defer file.Close()
		in = file
	}
	b, err := io.ReadAll(io.LimitReader(in, maxCapture+1))
	if err == nil && len(b) > maxCapture {
		err = fmt.Errorf("%s has more than %d bytes", path, maxCapture)
	}
	return b, err
}

// packets reads a packet capture, and leaves conversations out that are none of nodes.
func (a *app) packets(path string) ([]talk, error) {
	b, err := a.readFile(path)
	if err != nil {
		return nil, err
	}
	found, err := pcap.Read(bytes.NewReader(b), maxCapture)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var talks []talk
	for _, c := range found {
		t := talk{
			transcript: dist.Transcript{Dialer: c.FromClient.Bytes, Listener: c.FromServer.Bytes},
			ends:       [2]string{c.Client.String(), c.Server.String()},
			gap:        map[dist.Side]bool{dist.Dialer: c.FromClient.Gap, dist.Listener: c.FromServer.Gap},
			at: func(side dist.Side, offset int64) time.Time {
				if side == dist.Dialer {
					return c.FromClient.At(offset)
				}
				return c.FromServer.At(offset)
			},
		}
		if t.isDist() {
			talks = append(talks, t)
		}
	}
	if left := len(found) - len(talks); left > 0 {
		a.notef("%d other TCP connections are left out: they do not begin with a distribution handshake", left)
	}
	if len(talks) == 0 {
		return nil, fmt.Errorf("%s: %w", path, dist.ErrNoHandshake)
	}
	return talks, nil
}

// isDist reports whether one of the sides begins as that of a node does.
func (t *talk) isDist() bool {
	for _, side := range []dist.Side{dist.Dialer, dist.Listener} {
		for e := range t.transcript.Entries(side) {
			if e.Err == nil {
				return true
			}
			break
		}
	}
	return false
}

// captureLine is an entry in the output.
type captureLine struct {
	Time       string `json:"time,omitempty"` // RFC 3339, UTC; empty where there is no clock
	Connection int    `json:"connection"`     // counted from 1
	Side       string `json:"side"`           // who says it: dialer or listener
	From       string `json:"from"`           // its node, or address
	Offset     int64  `json:"offset"`         // in what the side has said
	Size       int    `json:"size"`           // bytes
	Kind       string `json:"kind"`           // a packet of the handshake, a signal, tick, part, gap or error
	*helloLine
	*signalLine
	Status string `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`

	at   time.Time
	text string // of what comes after the kind
}

// lines returns what is printed of a connection, in order.
func (t *talk) lines(n int, f *captureFlags) ([]captureLine, error) {
	var all []captureLine
	var failed error
	for _, side := range []dist.Side{dist.Dialer, dist.Listener} {
		name, last := t.ends[side], int64(0)
		for e := range t.transcript.Entries(side) {
			if e.Hello != nil && e.Packet != dist.PacketComplement {
				name = string(e.Hello.Name)
			}
			last = e.Offset + int64(e.Size)
			if e.Err != nil {
				failed = fmt.Errorf("connection %d, %v, byte %d: %w", n, side, e.Offset, e.Err)
			}
			if e.Tick && f.noTicks {
				continue
			}
			line := f.line(e)
			line.Connection, line.Side, line.From = n, side.String(), cmp.Or(name, side.String())
			line.stamp(t.at(side, last-1))
			all = append(all, line)
		}
		if t.gap[side] {
			line := captureLine{Connection: n, Side: side.String(), From: name, Offset: last, Kind: "gap",
				text: "packets are missing in the capture: the rest of this side can't be read"}
			line.stamp(t.at(side, last))
			all = append(all, line)
		}
	}
	slices.SortStableFunc(all, func(a, b captureLine) int { return a.at.Compare(b.at) })
	return all, failed
}

func (l *captureLine) stamp(at time.Time) {
	if l.at = at; !at.IsZero() {
		l.Time = at.UTC().Format(time.RFC3339Nano)
	}
}

// line describes an entry.
func (f *captureFlags) line(e dist.Entry) captureLine {
	l := captureLine{Offset: e.Offset, Size: e.Size}
	switch {
	case e.Err != nil:
		l.Kind, l.Error, l.text = "error", e.Err.Error(), e.Err.Error()
	case e.Packet != "":
		l.Kind, l.Status, l.text = string(e.Packet), e.Status, e.Status
		if e.Hello != nil {
			l.helloLine = helloOf(e.Hello)
			l.text = l.helloLine.text()
		}
	case e.Tick:
		l.Kind = "tick"
	case e.Part:
		l.Kind, l.text = "part", fmt.Sprintf("%d bytes", e.Size)
	default:
		l.Kind = e.Signal.Kind.String()
		l.signalLine, l.text = signalOf(e.Signal, func(term any) json.RawMessage { return f.terms.json(term) })
	}
	return l
}

// printTalks prints all connections, by time if there is one.
func (a *app) printTalks(f *captureFlags, talks []talk) error {
	var all []captureLine
	var failed error
	for i, t := range talks {
		lines, err := t.lines(i+1, f)
		all = append(all, lines...)
		failed = errors.Join(failed, err)
	}
	slices.SortStableFunc(all, func(a, b captureLine) int { return a.at.Compare(b.at) })
	view := output.View[captureLine]{
		Line: captureText,
		Name: func(l captureLine) string { return l.Kind },
	}
	out := view.Stream(f.out.printer(a))
	for _, l := range all {
		if err := out.Write(l); err != nil {
			return err
		}
	}
	return failed
}

func captureText(p output.Printer, l captureLine) string {
	var words []string
	if !l.at.IsZero() {
		words = append(words, l.at.UTC().Format("15:04:05.000000"))
	}
	if p.Format == output.Wide {
		words = append(words, fmt.Sprintf("#%d %s+%d (%d)", l.Connection, l.Side, l.Offset, l.Size))
	}
	style := output.Strong
	if l.Kind == "error" || l.Kind == "gap" {
		style = output.Bad
	}
	words = append(words, l.From, p.Paint(style, l.Kind))
	if l.text != "" {
		words = append(words, l.text)
	}
	return strings.Join(words, " ")
}
