package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"

	"gonode/dist"
)

// TestPeerTable runs the stories in testdata/peers: a line is a call on the table of the node self@h, " -> " the answer.
func TestPeerTable(t *testing.T) {
	files, err := filepath.Glob("testdata/peers/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			table := newPeerTable("m@h")
			for i, line := range strings.Split(string(text), "\n") {
				line, _, _ = strings.Cut(line, "#")
				command, want, _ := strings.Cut(strings.TrimSpace(line), " -> ")
				if command == "" {
					continue
				}
				got := runPeerCommand(t, table, strings.Fields(command))
				require.Equal(t, want, got, "%s:%d: %s", file, i+1, command)
			}
		})
	}
}

var admissionNames = map[dist.Admission]string{
	dist.AdmitOK:           "ok",
	dist.AdmitSimultaneous: "ok_simultaneous",
	dist.AdmitNok:          "nok",
	dist.AdmitNotAllowed:   "not_allowed",
	dist.AdmitAlive:        "alive",
	dist.AdmitBusy:         "busy",
}

func runPeerCommand(t *testing.T, table *peerTable, words []string) string {
	name := gen.Atom(words[1])
	id := 0
	if len(words) > 2 {
		var err error
		id, err = strconv.Atoi(words[2])
		require.NoError(t, err)
	}
	answer := dist.AdmitOK
	for a, word := range admissionNames {
		if words[len(words)-1] == word {
			answer = a
		}
	}
	switch words[0] {
	case "want":
		return fmt.Sprint(table.want(name, attemptID(id)))
	case "shake":
		return [...]string{"go", "hold", "over"}[table.shake(name, attemptID(id), words[len(words)-1] != "impatient")]
	case "yield":
		table.yield(name, attemptID(id))
	case "dialed":
		table.dialed(name, attemptID(id))
	case "hello":
		return admissionNames[table.hello(name, attemptID(id))]
	case "settled":
		table.settled(name, attemptID(id), answer)
	case "insist":
		return fmt.Sprint(table.insist(name))
	case "admit":
		return fmt.Sprint(table.admit(name, linkID(id)))
	case "lost":
		table.lost(name, linkID(id))
	case "gone":
		table.gone(name, linkID(id))
	case "up":
		return fmt.Sprint(table.up(name))
	case "known":
		_, ok := table.peers[name]
		return fmt.Sprint(ok)
	default:
		t.Fatalf("unknown command %q", words[0])
	}
	return ""
}
