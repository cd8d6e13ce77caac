package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"gonode/events"
	"gonode/internal/eventjson"
)

const (
	maxOutput = 2048        // bytes of what a program says that are logged when it fails
	waitDelay = time.Second // for its output after it was killed
)

// runProgram runs the program for ev and waits for its end.
func (h *running) runProgram(ctx context.Context, ev events.Event) error {
	timed, cancel := context.WithTimeoutCause(ctx, h.Timeout, errTime)
	defer cancel()
	members := h.runner.cfg.Hub.Members()
	cmd := exec.CommandContext(timed, h.Command[0], h.Command[1:]...)
	cmd.Env = append(inherited(os.Environ()), h.environment(ev, len(members))...)
	cmd.Stdin = h.input(ev, members)
	var said output
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = waitDelay
	ownGroup(cmd)
	err := cmd.Run()
	switch {
	case timed.Err() != nil && errors.Is(context.Cause(timed), errTime):
		return fmt.Errorf("%w: it took more than %v and was killed%s", errTime, h.Timeout, said.note())
	case err != nil:
		return fmt.Errorf("%w%s", err, said.note())
	}
	return nil
}

// inherited is what a program gets of our environment: not the cookie, nor what systemd has told this process only.
func inherited(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.Contains([]string{
			"GONODE_COOKIE", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
		}, name)
	})
}

// environment is what the program is told; see the package comment.
func (h *running) environment(ev events.Event, members int) []string {
	values := map[string]string{
		"EVENT": eventjson.Name(ev), "SELF": h.runner.cfg.Self, "HOOK": h.Name, "NODE": eventjson.Node(ev),
		"SEQ": strconv.FormatUint(eventjson.Seq(ev), 10), "MEMBERS": strconv.Itoa(members),
		"TIME": "", "HIDDEN": "", "INITIAL": "", "REASON": "", "ERROR": "", "CREATION": "", "CONNECTION_ID": "",
		"KIND": "", "SOURCE": "", "TEXT": "",
	}
	describe(ev, values)
	env := make([]string, 0, len(values))
	for name, value := range values {
		// What comes from other nodes may have anything in it; a variable can't.
		value = strings.ReplaceAll(value, "\x00", "")
		env = append(env, "GONODE_"+name+"="+value[:min(len(value), eventjson.MaxReason)])
	}
	slices.Sort(env)
	return env
}

// describe sets the values that depend on the kind of event.
func describe(ev events.Event, values map[string]string) {
	set := func(at time.Time, err error) {
		values["TIME"] = at.UTC().Format(time.RFC3339Nano)
		if err != nil {
			values["ERROR"] = err.Error()
		}
	}
	connection := func(hidden bool, creation uint32, id uint64) {
		values["HIDDEN"] = strconv.FormatBool(hidden)
		values["CREATION"] = strconv.FormatUint(uint64(creation), 10)
		values["CONNECTION_ID"] = strconv.FormatUint(id, 10)
	}
	switch ev := ev.(type) {
	case events.NodeUp:
		set(ev.Time, nil)
		connection(ev.Hidden, ev.Creation, ev.ConnectionID)
		values["INITIAL"] = strconv.FormatBool(ev.Initial)
	case events.NodeDown:
		set(ev.Time, ev.Err)
		connection(ev.Hidden, ev.Creation, ev.ConnectionID)
		values["REASON"] = eventjson.Reason(ev.Reason)
	case events.Decision:
		set(ev.Time, ev.Err)
		values["KIND"], values["SOURCE"], values["REASON"], values["TEXT"] = ev.Kind, ev.Source, ev.Reason, ev.Text
	case events.StrategyFailed:
		set(ev.Time, ev.Err)
		values["SOURCE"] = ev.Source
	case events.StrategyRecovered:
		set(ev.Time, nil)
		values["SOURCE"] = ev.Source
	}
}

// input is the standard input of the program.
func (h *running) input(ev events.Event, members []events.NodeUp) io.Reader {
	switch h.Input {
	case InputNone:
		return nil
	case InputMembers:
		var b strings.Builder
		for _, m := range members {
			kind := "visible"
			if m.Hidden {
				kind = "hidden"
			}
			fmt.Fprintf(&b, "%s\t%s\t%s\n", m.Node, kind, m.Time.UTC().Format(time.RFC3339Nano))
		}
		return strings.NewReader(b.String())
	}
	return bytes.NewReader(append(eventjson.Marshal(h.runner.cfg.Self, ev), '\n'))
}

// output keeps the beginning of what a program says.
type output struct{ text []byte }

// Write implements io.Writer; package exec calls it from one goroutine.
func (o *output) Write(p []byte) (int, error) {
	o.text = append(o.text, p[:min(len(p), maxOutput-len(o.text))]...)
	return len(p), nil
}

// note is what is added to an error.
func (o *output) note() string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(o.text), "?"))
	if text == "" {
		return ""
	}
	return "; it said: " + text
}
