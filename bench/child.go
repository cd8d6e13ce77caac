package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// child is a peer that is a program of ours. It ends when its standard input does: also when this process dies.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Reader
}

// start starts the program and waits until it says that it is ready.
func start(program string, epmd int, args ...string) (*child, error) {
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "ERL_EPMD_PORT="+strconv.Itoa(epmd))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd, in, bufio.NewReader(out)}
	if line, err := c.lines.ReadString('\n'); err != nil || line != "ready\n" {
		c.end()
		return nil, fmt.Errorf("%s printed %q and not that it is ready", program, line)
	}
	return c, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// ask sends a line and returns the answer.
func (c *child) ask(line string) (string, error) {
	if _, err := fmt.Fprintln(c.in, line); err != nil {
		return "", err
	}
	answer, err := c.lines.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("it ended: %w", err)
	}
	answer = strings.TrimSuffix(answer, "\n")
	if why, failed := strings.CutPrefix(answer, "error "); failed {
		return "", fmt.Errorf("it says: %s", why)
	}
	return answer, nil
}

// end lets the program end by itself, and kills it if it does not.
func (c *child) end() {
	c.in.Close()
	defer time.AfterFunc(5*time.Second, func() { _ = c.cmd.Process.Kill() }).Stop()
	_ = c.cmd.Wait()
}
