package node

import (
	"net"

	"ergo.services/ergo/gen"
)

// unsupported has all that gen.Connection asks for, and does none of it: a connection embeds it and writes what there is.
// Ends of processes are told to nobody, since relations from elsewhere are not given to Ergo (see relations.go); events
// are Ergo's own and do not cross to Erlang.
type unsupported struct{}

// SendPID implements gen.Connection.
func (unsupported) SendPID(_, _ gen.PID, _ gen.MessageOptions, _ any) error {
	return gen.ErrUnsupported
}

// SendProcessID implements gen.Connection.
func (unsupported) SendProcessID(gen.PID, gen.ProcessID, gen.MessageOptions, any) error {
	return gen.ErrUnsupported
}

// SendAlias implements gen.Connection.
func (unsupported) SendAlias(gen.PID, gen.Alias, gen.MessageOptions, any) error {
	return gen.ErrUnsupported
}

// SendEvent implements gen.Connection.
func (unsupported) SendEvent(gen.PID, gen.MessageOptions, gen.MessageEvent) error {
	return gen.ErrUnsupported
}

// SendExit implements gen.Connection.
func (unsupported) SendExit(_, _ gen.PID, _ error) error { return gen.ErrUnsupported }

// SendResponse implements gen.Connection.
func (unsupported) SendResponse(_, _ gen.PID, _ gen.MessageOptions, _ any) error {
	return gen.ErrUnsupported
}

// SendResponseError implements gen.Connection.
func (unsupported) SendResponseError(_, _ gen.PID, _ gen.MessageOptions, _ error) error {
	return gen.ErrUnsupported
}

// SendTerminatePID implements gen.Connection.
func (unsupported) SendTerminatePID(gen.PID, error) error { return nil }

// SendTerminateProcessID implements gen.Connection.
func (unsupported) SendTerminateProcessID(gen.ProcessID, error) error { return nil }

// SendTerminateAlias implements gen.Connection.
func (unsupported) SendTerminateAlias(gen.Alias, error) error { return nil }

// SendTerminateEvent implements gen.Connection.
func (unsupported) SendTerminateEvent(gen.Event, error) error { return nil }

// CallPID implements gen.Connection.
func (unsupported) CallPID(_, _ gen.PID, _ gen.MessageOptions, _ any) error {
	return gen.ErrUnsupported
}

// CallProcessID implements gen.Connection.
func (unsupported) CallProcessID(gen.PID, gen.ProcessID, gen.MessageOptions, any) error {
	return gen.ErrUnsupported
}

// CallAlias implements gen.Connection. An alias can't be monitored, so nothing is called by alias between nodes.
func (unsupported) CallAlias(gen.PID, gen.Alias, gen.MessageOptions, any) error {
	return gen.ErrUnsupported
}

// LinkPID implements gen.Connection.
func (unsupported) LinkPID(_, _ gen.PID) error { return gen.ErrUnsupported }

// UnlinkPID implements gen.Connection.
func (unsupported) UnlinkPID(_, _ gen.PID) error { return gen.ErrUnsupported }

// LinkProcessID implements gen.Connection: Erlang links pids only.
func (unsupported) LinkProcessID(gen.PID, gen.ProcessID) error { return gen.ErrUnsupported }

// UnlinkProcessID implements gen.Connection.
func (unsupported) UnlinkProcessID(gen.PID, gen.ProcessID) error { return gen.ErrUnsupported }

// LinkAlias implements gen.Connection.
func (unsupported) LinkAlias(gen.PID, gen.Alias) error { return gen.ErrUnsupported }

// UnlinkAlias implements gen.Connection.
func (unsupported) UnlinkAlias(gen.PID, gen.Alias) error { return gen.ErrUnsupported }

// LinkEvent implements gen.Connection.
func (unsupported) LinkEvent(gen.PID, gen.Event) ([]gen.MessageEvent, error) {
	return nil, gen.ErrUnsupported
}

// UnlinkEvent implements gen.Connection.
func (unsupported) UnlinkEvent(gen.PID, gen.Event) error { return gen.ErrUnsupported }

// MonitorPID implements gen.Connection.
func (unsupported) MonitorPID(_, _ gen.PID) error { return gen.ErrUnsupported }

// DemonitorPID implements gen.Connection.
func (unsupported) DemonitorPID(_, _ gen.PID) error { return gen.ErrUnsupported }

// MonitorProcessID implements gen.Connection.
func (unsupported) MonitorProcessID(gen.PID, gen.ProcessID) error { return gen.ErrUnsupported }

// DemonitorProcessID implements gen.Connection.
func (unsupported) DemonitorProcessID(gen.PID, gen.ProcessID) error { return gen.ErrUnsupported }

// MonitorAlias implements gen.Connection.
func (unsupported) MonitorAlias(gen.PID, gen.Alias) error { return gen.ErrUnsupported }

// DemonitorAlias implements gen.Connection.
func (unsupported) DemonitorAlias(gen.PID, gen.Alias) error { return gen.ErrUnsupported }

// MonitorEvent implements gen.Connection.
func (unsupported) MonitorEvent(gen.PID, gen.Event) ([]gen.MessageEvent, error) {
	return nil, gen.ErrUnsupported
}

// DemonitorEvent implements gen.Connection.
func (unsupported) DemonitorEvent(gen.PID, gen.Event) error { return gen.ErrUnsupported }

// RemoteSpawn implements gen.Connection.
func (unsupported) RemoteSpawn(gen.Atom, gen.ProcessOptionsExtra) (gen.PID, error) {
	return gen.PID{}, gen.ErrUnsupported
}

// Join implements gen.Connection. Ergo offers the socket it dialled, which handshake.Start has closed.
func (unsupported) Join(net.Conn, string, gen.NetworkDial, []byte) error { return nil }
