package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"gonode/cmd/gonode/internal/output"
)

// build is what is known of how this program was built.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Time     string `json:"time,omitempty"` // of the commit
	Modified bool   `json:"modified"`       // there were changes that are not in the commit
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

func (a *app) versionCommand() *cobra.Command {
	var out outputFlags
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program",
		Long:    "Version prints the version of this program, the commit it was built from and the Go release that built it.",
		Example: "  gonode version\n  gonode version -o json",
		Args:    takes("argument", 0, 0),
		RunE: func(*cobra.Command, []string) error {
			view := output.View[build]{
				Line: func(_ output.Printer, b build) string { return b.String() },
				Name: func(b build) string { return b.Version },
			}
			return view.One(out.printer(a), readBuild(debug.ReadBuildInfo()))
		},
	}
	out.add(cmd.Flags())
	return cmd
}

// readBuild takes what it needs of the build information; ok says if there is any.
func readBuild(info *debug.BuildInfo, ok bool) build {
	b := build{Version: "unknown", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String returns the line that people read.
func (b build) String() string {
	s := "gonode " + b.Version
	if b.Commit != "" {
		s += " commit " + b.Commit
	}
	if b.Modified {
		s += " with changes"
	}
	return s + " " + b.Go + " " + b.OS + "/" + b.Arch
}
