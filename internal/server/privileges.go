package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/headgate/headgate/internal/control"
	"github.com/headgate/headgate/internal/listen"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/privsep"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/unixd"
)

// writePidFile writes the pid file. stated says that a directive names it. It
// makes a run folder that is missing after a boot.
func (s *Server) writePidFile(path string, stated bool) error {
	if s.o.PidFile == PidFileNone || path == "" {
		return nil
	}
	err := unixd.RunFolder(filepath.Dir(path))
	var notice string
	if err == nil {
		notice, err = unixd.WritePidFile(path, os.Getpid())
	}
	_, live := errors.AsType[*unixd.RunningError](err)
	switch {
	case err != nil && s.o.PidFile == PidFileWanted && !stated:
		return nil // no directive names it
	case live:
		return err
	case err != nil && s.o.PidFile == PidFileWanted:
		s.startup.Logf(logsink.Record{Level: logsink.Warn, Module: "core"}, "no pid file, so -k cannot reach this process: %v", err)
		return nil
	case err != nil:
		return fmt.Errorf("AH00099: could not create %s: %w", path, err)
	}
	s.pidFile = path
	if notice != "" {
		s.startup.Logf(logsink.Record{Level: logsink.Warn, Module: "core"}, "%s", notice)
	}
	return nil
}

// dropPrivileges changes to User and Group, and starts the privileged helper
// before. A server started by root without a User stays root and logs that;
// httpd would refuse to start.
func (s *Server) dropPrivileges(snap *snapshot.Snapshot) error {
	if s.o.KeepUser {
		return nil
	}
	if snap.User == "" && os.Geteuid() == 0 {
		s.startup.Logf(logsink.Record{Level: logsink.Warn, Module: "unixd"},
			"started by root and no User directive says whom to become: serving as root")
	}
	if err := s.startHelper(snap); err != nil {
		s.startup.Logf(logsink.Record{Level: logsink.Warn, Module: "unixd"},
			"no privileged helper, so a reload can open only what %s may: %v", snap.User, err)
	}
	return unixd.Drop(snap.User, snap.Group, snap.Chroot)
}

// startHelper starts the privileged helper if privileges are about to be
// dropped.
func (s *Server) startHelper(snap *snapshot.Snapshot) error {
	if s.o.Helper == "" || snap.User == "" || os.Geteuid() != 0 {
		return nil
	}
	id, err := unixd.Identity(snap.User, snap.Group)
	if err != nil {
		return nil //nolint:nilerr // Drop says so
	}
	setup := privsep.Setup{
		Config: s.o.HelperConfig, PID: os.Getpid(), PidFile: s.pidFile, UID: id.UID, Groups: id.Groups(), Keys: slices.Collect(snap.Keys()),
	}
	if s.control != nil {
		setup.Socket = s.control.Path()
	}
	helper, err := privsep.Start(s.o.Helper, setup, func(how string) {
		s.logf(logsink.Error, "", nil, "the privileged helper ended (%s): a reload cannot open what only root may; a stop and a start bring it back", how)
	})
	if err != nil {
		return err
	}
	s.helper.Store(helper)
	return nil
}

// closeHelper ends the privileged helper. The last lines of a log may need it for
// the file they belong to.
func (s *Server) closeHelper() {
	if helper := s.helper.Swap(nil); helper != nil {
		helper.Close()
	}
}

// openLog opens a log with the process's own rights, else through the helper.
func (s *Server) openLog(path string) (*os.File, error) {
	return s.orHelper(path, logsink.OpenFile, (*privsep.Client).OpenLog)
}

// openRotated opens a file of a rotated log through the helper. The caller has
// tried its own rights.
func (s *Server) openRotated(rule *logsink.Rotation, at int64, number int, further bool) (*os.File, error) {
	helper := s.helper.Load()
	if helper == nil {
		return nil, fs.ErrPermission
	}
	return helper.OpenRotated(rule, at, number, further)
}

// openKey opens a file of a certificate or key in the same way.
func (s *Server) openKey(path string) (*os.File, error) {
	return s.orHelper(path, os.Open, (*privsep.Client).OpenKey)
}

func (s *Server) orHelper(path string, own func(string) (*os.File, error), its func(*privsep.Client, string) (*os.File, error)) (*os.File, error) {
	f, err := own(path)
	helper := s.helper.Load()
	if helper == nil || !errors.Is(err, fs.ErrPermission) {
		return f, err
	}
	f, herr := its(helper, path)
	if errors.Is(herr, privsep.ErrGone) {
		return nil, errors.Join(err, herr)
	}
	return f, herr
}

// openGroup opens listening sockets with the process's own rights, else through
// the helper.
func (s *Server) openGroup(a listen.Addr, o listen.Options, n int) ([]*listen.Listener, error) {
	group, err := listen.OpenGroup(context.Background(), a, o, n)
	helper := s.helper.Load()
	if helper == nil || !errors.Is(err, fs.ErrPermission) {
		return group, err
	}
	return helper.Listen(a, n)
}

// removeTraces removes the pid file and the control socket, through the helper
// if the process may not write to the folder.
func (s *Server) removeTraces() {
	helper := s.helper.Load()
	if s.control != nil {
		_ = s.control.Close() // the helper may have to remove the file
		s.control = nil
	}
	if s.pidFile == "" {
		return
	}
	err := unixd.RemovePidFile(s.pidFile, os.Getpid())
	if err != nil && helper != nil {
		err = helper.Finish()
	}
	if err != nil {
		s.logf(logsink.Info, "", err, "pid file %s stays behind, and perhaps %s", s.pidFile, control.SocketPath(s.pidFile))
	}
	s.pidFile = ""
}
