package dns

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"gonode/strategy"
)

// message is a reply as bytes, of lines of a zone file.
func message(f *testing.F, answer, extra string) []byte {
	m := new(dns.Msg).SetQuestion("app.test.", dns.TypeSRV)
	m.Response = true
	for text, section := range map[string]*[]dns.RR{answer: &m.Answer, extra: &m.Extra} {
		for line := range strings.Lines(text) {
			rr, err := dns.NewRR(line)
			require.NoError(f, err)
			*section = append(*section, rr)
		}
	}
	b, err := m.Pack()
	require.NoError(f, err)
	return b
}

// FuzzAnswer: whatever a server sends, the records are within bounds, and the nodes made of them have names that can be
// dialled.
func FuzzAnswer(f *testing.F) {
	f.Add(message(f, "app.test. 1 IN A 10.0.0.1\napp.test. 1 IN AAAA fd00::1", "x. 1 IN A 10.0.0.2"))
	f.Add(message(f, "app.test. 1 IN CNAME b.test.\nb.test. 1 IN SRV 1 2 3 c.test.", "c.test. 1 IN A 10.0.0.1"))
	f.Add(message(f, "app.test. 1 IN SRV 1 2 3 .\napp.test. 1 IN SRV 1 2 3 a\\@b\\032.test.", "a. 1 IN A 0.0.0.0"))
	f.Add(message(f, "app.test. 1 IN CNAME b.test.\nb.test. 1 IN CNAME app.test.", "b. 1 IN TXT \"x\""))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := new(dns.Msg)
		if m.Unpack(data) != nil {
			return
		}
		for _, typ := range []Type{TypeA, TypeAAAA, TypeSRV} {
			found, err := readAnswer(m, "app.test.", typ)
			if err != nil {
				continue
			}
			answer := found.answer("app.test.", found.ttl, func(_ Reason, err error) error { return err })
			require.LessOrEqual(t, len(answer.Records), maxRecords)
			a := asker{query: Query{Name: "app.test", Type: typ, UsePort: typ == TypeSRV}, basename: "b"}
			for _, r := range answer.Records {
				for _, n := range a.nodes(r) {
					require.NoError(t, strategy.CheckName(n.Name))
				}
			}
		}
	})
}
