package beam

import (
	"fmt"
	"io"
	"net"
	"strings"
)

// Options say what node to start. Release is needed, the rest may be zero.
type Options struct {
	Release string // "23", "25", "27", "29"

	// Name is the node's name: short (erl -sname) if its host has no dot, else long (-name). Empty: not distributed.
	Name string

	// Cookie is the node's cookie. Empty: a fresh random one of its own, as erl makes when there is no ~/.erlang.cookie.
	Cookie string

	// EPMDPort is the port of the epmd to register with, which must be running: the node starts none. 0 is for nodes that
	// Args tell to do without.
	EPMDPort int

	// Namespace is the network namespace the node runs in, as of `ip netns add`; see InNamespace. Empty: where we are.
	Namespace string

	Hidden bool      // erl -hidden
	Args   []string  // more arguments of erl, such as "-kernel", "net_ticktime", "4"
	Env    []string  // more environment, each "NAME=value"
	Output io.Writer // gets what the node prints, besides Log; nil: nobody else
}

// arguments are what erl is started with. ebin has the helper module.
func (o Options) arguments(ebin, module string) []string {
	args := []string{"-noshell", "-noinput", "-pa", ebin,
		// Many nodes share few cores: schedulers without work sleep at once.
		"+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"}
	if o.Name != "" {
		_, host, _ := strings.Cut(o.Name, "@")
		kind := "-sname"
		if strings.Contains(host, ".") || strings.Contains(host, ":") {
			kind = "-name"
		}
		args = append(args, kind, o.Name, "-start_epmd", "false")
		if ip := net.ParseIP(host).To4(); ip != nil && ip.IsLoopback() {
			args = append(args, "-kernel", "inet_dist_use_interface",
				fmt.Sprintf("{%d,%d,%d,%d}", ip[0], ip[1], ip[2], ip[3]))
		}
	}
	if o.Cookie != "" {
		args = append(args, "-setcookie", o.Cookie)
	}
	if o.Hidden {
		args = append(args, "-hidden")
	}
	args = append(args, o.Args...)
	return append(args, "-run", module, "main")
}

// environment adds the epmd, and the leash: where the node's control connection goes.
func (o Options) environment(home string, control net.Addr, token string) []string {
	port := o.EPMDPort
	if port == 0 {
		port = 1 // where nobody listens; not the epmd this machine may have on 4369
	}
	_, controlPort, _ := net.SplitHostPort(control.String())
	env := environment(home,
		fmt.Sprintf("ERL_EPMD_PORT=%d", port),
		"GONODE_TEST_PORT="+controlPort,
		"GONODE_TEST_TOKEN="+token)
	return append(env, o.Env...)
}
