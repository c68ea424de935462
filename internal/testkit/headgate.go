package testkit

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// build is the binary of this test run: built at first use, removed by Main.
var build struct {
	once sync.Once
	dir  string
	path string
	err  error
}

// Binary returns the path of the headgate binary: HEADGATE_BIN, or the one built from this tree for this run. Where it
// does not build the test is skipped, or fails when PEERS=required.
func Binary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("HEADGATE_BIN"); path != "" {
		return path
	}
	build.once.Do(func() { build.path, build.err = buildBinary() })
	if build.err != nil {
		SkipPeer(t, fmt.Sprintf("headgate does not build: %v", build.err))
	}
	return build.path
}

func buildBinary() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	if build.dir, err = os.MkdirTemp("", "headgate-bin-"); err != nil {
		return "", err
	}
	path := filepath.Join(build.dir, "headgate")
	args := []string{"build", "-o", path}
	if os.Getenv("HEADGATE_RACE") != "" {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "./cmd/headgate")...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		first, _, _ := strings.Cut(string(out), "\n")
		return "", fmt.Errorf("%s (%w)", first, err)
	}
	return path, nil
}

func dropBuild() {
	if build.dir != "" {
		_ = os.RemoveAll(build.dir)
	}
}

// Root returns the root of the repository, found upwards from the working directory of the test.
func Root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	return "", errors.Join(errors.New("no go.mod above the working directory"), err)
}

// noEngine matches the message of a binary that lacks the requested engine.
var noEngine = regexp.MustCompile(`(?i)engine.*(not|un)\s?(available|supported|known|built)|(unknown|no such|no) engine`)

// StartHeadgate runs our binary on the named engine; "" is the binary's default. An engine that it lacks skips the test.
func StartHeadgate(t testing.TB, engine string, site Site) *Server {
	t.Helper()
	bin := Binary(t)
	s := prepare(t, "headgate", site)
	s.Configure(site.Conf)
	cmd := exec.Command(bin, "-f", filepath.Join(s.Dir, "httpd.conf"), "-d", s.Dir, "-X")
	cmd.Env = append(os.Environ(), "HEADGATE_LOG_DELAY=5ms") // tests that read a log do not wait a second for it
	cmd.Env = append(cmd.Env, site.Env...)
	if engine != "" {
		cmd.Env = append(cmd.Env, "HEADGATE_ENGINE="+engine)
	}
	if err := s.run(cmd); err != nil {
		if noEngine.MatchString(s.Logs()) {
			SkipPeer(t, fmt.Sprintf("this binary has no %s engine", engine))
		}
		t.Fatal(err)
	}
	return s
}

// Place writes the files of a server without starting it.
func Place(t testing.TB, site Site) *Server {
	t.Helper()
	s := prepare(t, "placed", site)
	s.Configure(site.Conf)
	return s
}

// StartTree runs our binary on a configuration tree: place fills dir for a port and returns the file to start with. No
// -d is passed: the tree's own ServerRoot says where it is.
func StartTree(t testing.TB, place func(dir, port string) string) *Server {
	t.Helper()
	bin := Binary(t)
	s := prepare(t, "headgate", Site{})
	file := place(s.Dir, s.Port)
	if err := s.run(exec.Command(bin, "-f", file, "-X")); err != nil {
		t.Fatal(err)
	}
	return s
}

// UserName returns the name of the user who runs the tests.
func UserName() string {
	if u, err := user.Current(); err == nil && u.Uid != "0" {
		return u.Username
	}
	return "nobody"
}

// GroupName returns the name of the group of the user who runs the tests.
func GroupName() string {
	if u, err := user.Current(); err == nil && u.Uid != "0" {
		if g, err := user.LookupGroupId(u.Gid); err == nil {
			return g.Name
		}
	}
	return "nogroup"
}
