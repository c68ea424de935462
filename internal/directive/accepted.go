package directive

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// judged is a row of the table of directives that have no effect here and whose
// arguments httpd checks. Arguments that httpd refuses are refused here too.
type judged struct {
	names string // separated by blanks
	judge func(c *Call) error
}

// judgedRows adds the setters of the table to the rows of its directives.
func judgedRows(rows []Row) (out []Row) {
	byKey := map[string]*Row{}
	for i := range rows {
		byKey[rows[i].key()] = &rows[i]
	}
	for _, j := range accepted {
		for name := range strings.FieldsSeq(j.names) {
			if base := byKey[ascii.ToLower(name)]; base != nil {
				row := *base
				row.Set = j.judge
				out = append(out, row)
			}
		}
	}
	return out
}

const positive = "must be positive"

var accepted = []judged{
	{"EnableMMAP EnableSendfile UseCanonicalPhysicalPort", oneWord("parameter must be 'on' or 'off'", "on", "off")},
	{"HostnameLookups", oneWord("parameter must be 'on', 'off', or 'double'", "on", "off", "double")},
	{"AcceptPathInfo", oneWord("AcceptPathInfo must be set to on, off or default", "on", "off", "default")},
	{"ProxyStatus", oneWord("ProxyStatus must be one of: off | on | full", "off", "on", "full")},
	{"IndexOrderDefault", indexOrder},
	{"DirectoryIndexRedirect", indexRedirect},
	{"DeflateFilterNote", filterNote},
	{"LimitXMLRequestBody", xmlLimit},
	{"AddOutputFilterByType", func(c *Call) error {
		if len(c.Args) < 2 {
			return c.Errorf("AddOutputFilterByType requires at least two arguments")
		}
		return nil
	}},
	{"Alias ScriptAlias", func(c *Call) error {
		if len(c.Args) < 2 && c.Scope.Section().Kind.Server() {
			return c.Errorf("%s must have two arguments when used globally", c.Row.Name)
		}
		return nil
	}},
	{"BalancerGrowth", between(0, 1000, "BalancerGrowth must be between 0 and 1000")},
	{"ListenCoresBucketsRatio ListenTCPDeferAccept", number(1, "must be > 0")},
	{"MaxMemFree ThreadStackSize", memorySize},
	{"SSLRenegBufferSize", number(0, "is no size")},
	{"SSLSessionCacheTimeout", number(0, "Invalid argument")},
	{"AsyncRequestWorkerFactor", workerFactor},
	{"LimitInternalRecursion", recursion},
	{"MaxRanges MaxRangeOverlaps MaxRangeReversals", ranges},
	{"FlushMaxPipelined", within(-1, 1<<31-1)},
	{"FlushMaxThreshold ReadBufferSize", within(0, 1<<32-1)},
	{"FileETag", eachWord("Unknown keyword '%s' for FileETag directive", unsigned("all", "none", "mtime", "size", "inode", "digest"))},
	{"IndexOptions", eachWord("Invalid directory indexing option", indexOption)},
	{"ForceLanguagePriority", eachWord("Invalid ForceLanguagePriority option %s", anyOf("none", "prefer", "fallback"))},
	{"MultiviewsMatch", eachWord("Unrecognized option '%s'", anyOf("any", "negotiatedonly", "filters", "handlers"))},
	{"Options", options},
	{"AllowOverride", overrides},
	{"CoreDumpDirectory", folder("does not exist")},
	{"Mutex", mutex},
	{"ErrorLogFormat", errorLogFormat},
	{"ProxyDomain", func(c *Call) error {
		if !strings.HasPrefix(c.Arg(0), ".") {
			return c.Errorf("ProxyDomain: domain name must start with a dot.")
		}
		return nil
	}},
	{"SSLCryptoDevice", oneWord("SSLCryptoDevice: Invalid argument; must be one of: 'builtin' (none), 'dynamic' (Dynamic engine loading support)", "builtin", "dynamic")},
	{"SSLRandomSeed", randomSeed},
	{"SSLSessionCache SSLStaplingCache", cache},
	{"WatchdogInterval", watchdog},
}

// oneWord accepts one of a few words as the first argument.
func oneWord(complaint string, words ...string) func(*Call) error {
	return eachOf(1, complaint, anyOf(words...))
}

// eachWord accepts arguments for which ok returns true.
func eachWord(complaint string, ok func(string) bool) func(*Call) error {
	return eachOf(-1, complaint, ok)
}

// eachOf checks the first n arguments, or all of them when n is negative. A
// complaint may name the word by %s.
func eachOf(n int, complaint string, ok func(lower string) bool) func(*Call) error {
	return func(c *Call) error {
		list := c.Args
		if n >= 0 {
			list = list[:min(n, len(list))]
		}
		for _, w := range list {
			switch {
			case ok(ascii.ToLower(w)):
			case strings.Contains(complaint, "%s"):
				return c.Errorf(complaint, w)
			default:
				return c.Errorf("%s", complaint)
			}
		}
		return nil
	}
}

func anyOf(words ...string) func(string) bool {
	return func(w string) bool { return slices.Contains(words, w) }
}

// unsigned is anyOf for words that may begin with + or -.
func unsigned(words ...string) func(string) bool {
	return func(w string) bool { return slices.Contains(words, strings.TrimLeft(w, "+-")) }
}

// number accepts a text that C reads as a number of at least low.
func number(low int, complaint string) func(*Call) error {
	return between(low, 1<<31-1, complaint)
}

func between(low, high int, complaint string) func(*Call) error {
	return func(c *Call) error {
		if n := c.Number(c.Arg(0)); n < low || n > high {
			if !strings.HasPrefix(complaint, c.Row.Name) {
				return c.Errorf("%s: %s", c.Row.Name, complaint)
			}
			return c.Errorf("%s", complaint)
		}
		return nil
	}
}

// within accepts a number without any text after it.
func within(low, high int64) func(*Call) error {
	return func(c *Call) error {
		n, err := strconv.ParseInt(ascii.TrimLeftSpace(c.Arg(0)), 10, 64)
		if err != nil || n < low || n > high {
			return c.Errorf("parameter must be a number between %d and %d: %s", low, high, c.Arg(0))
		}
		return nil
	}
}

func xmlLimit(c *Call) error {
	switch n, _ := ascii.LeadingDigits(c.Arg(0)); {
	case n < 0:
		return c.Errorf("LimitXMLRequestBody requires a non-negative integer.")
	case n > 3074457345618258601:
		return c.Errorf("LimitXMLRequestBody must not exceed 3074457345618258601")
	}
	return nil
}

// memorySize: httpd reads the whole number, so a number that is too large is an
// error.
func memorySize(c *Call) error {
	n, _ := ascii.LeadingDigits(c.Arg(0))
	if n < 0 || n == 1<<63-1 {
		return c.Errorf("Invalid %s value: %s", c.Row.Name, c.Arg(0))
	}
	return nil
}

func workerFactor(c *Call) error {
	f, err := strconv.ParseFloat(c.Arg(0), 64)
	switch {
	case err != nil:
		return c.Errorf("error parsing value")
	case f <= 0:
		return c.Errorf("AsyncRequestWorkerFactor argument must be a positive number")
	}
	return nil
}

func recursion(c *Call) error {
	for _, w := range c.Args {
		if c.Number(w) < 1 {
			return c.Errorf("The recursion limit must be greater than zero.")
		}
	}
	return nil
}

func ranges(c *Call) error {
	w := c.Arg(0)
	if slices.Contains([]string{"none", "default", "unlimited"}, ascii.ToLower(w)) || c.Number(w) > 0 {
		return nil
	}
	return c.Errorf("%s requires 'none', 'default', 'unlimited' or a positive integer", c.Row.Name)
}

func indexOrder(c *Call) error {
	if w := ascii.ToLower(c.Arg(0)); w != "ascending" && w != "descending" {
		return c.Errorf("First keyword must be 'Ascending' or 'Descending'")
	}
	return nil
}

func indexRedirect(c *Call) error {
	w := c.Arg(0)
	switch {
	case slices.Contains([]string{"on", "off", "temp", "permanent", "seeother"}, ascii.ToLower(w)):
		return nil
	case w == "" || !ascii.IsDigit(w[0]):
		return c.Errorf("DirectoryIndexRedirect ON|OFF|permanent|temp|seeother|3xx")
	}
	if n := c.Number(w); n < 300 || n > 399 {
		return c.Errorf("DirectoryIndexRedirect only accepts values between 300 and 399")
	}
	return nil
}

func filterNote(c *Call) error {
	if len(c.Args) > 1 && !slices.Contains([]string{"ratio", "input", "output"}, ascii.ToLower(c.Arg(0))) {
		return c.Errorf("Unknown note type %s", c.Arg(0))
	}
	return nil
}

func indexOption(w string) bool {
	name, _, _ := strings.Cut(strings.TrimLeft(w, "+-"), "=")
	return anyOf("none", "fancyindexing", "foldersfirst", "htmltable", "iconsarelinks", "iconheight", "iconwidth",
		"ignorecase", "ignoreclient", "namewidth", "descriptionwidth", "scanhtmltitles", "suppresscolumnsorting",
		"suppressdescription", "suppresshtmlpreamble", "suppressicon", "suppresslastmodified", "suppressrules",
		"suppresssize", "trackmodified", "versionsort", "xhtml", "showforbidden", "charset", "type", "addaltclass",
		"useolddateformat")(name)
}

// optionWords are the words of Options. RunScripts is an old name of ExecCGI.
var optionWords = anyOf("indexes", "includes", "includesnoexec", "followsymlinks", "symlinksifownermatch", "execcgi",
	"runscripts", "multiviews", "all", "none")

// options: httpd allows words with signs or without, not both, and ends at an
// empty one.
func options(c *Call) error {
	signed := 0
	for i, w := range c.Args {
		name := strings.TrimLeft(w, "+-")
		if name != w {
			signed++
		}
		if signed != 0 && signed != i+1 {
			return c.Errorf("Either all Options must start with + or -, or no Option may.")
		}
		if !optionWords(ascii.ToLower(name)) {
			return c.Errorf("Illegal option %s", w)
		}
		if name != w && ascii.EqualFold(name, "all") {
			return c.Errorf("You may not use 'Options +All' or 'Options -All'.")
		}
	}
	return nil
}

func overrides(c *Call) error {
	for _, w := range c.Args {
		name, value, has := strings.Cut(w, "=")
		switch lower := ascii.ToLower(name); {
		case has && lower == "options":
			for o := range strings.SplitSeq(value, ",") {
				if !optionWords(ascii.ToLower(o)) {
					return c.Errorf("Illegal option %s", o)
				}
			}
		case has && lower == "nonfatal":
		case has, !anyOf("limit", "options", "fileinfo", "authconfig", "indexes", "none", "all")(lower):
			return c.Errorf("Illegal override option %s", w)
		}
	}
	return nil
}

// folder accepts the path of a folder that exists.
func folder(complaint string) func(*Call) error {
	return func(c *Call) error {
		if at, err := os.Stat(c.Path(c.Arg(0))); err != nil || !at.IsDir() {
			return c.Errorf("%s %s %s", c.Row.Name, c.Path(c.Arg(0)), complaint)
		}
		return nil
	}
}

// mutexes are the mechanisms of Mutex. Those that are true may name a folder.
var mutexes = map[string]bool{
	"default": false, "none": false, "no": false, "yes": false, "pthread": false, "sysvsem": false, "posixsem": false,
	"sem": false, "file": true, "flock": true, "fcntl": true,
}

func mutex(c *Call) error {
	if len(c.Args) == 0 || c.Arg(0) == "" {
		return c.Errorf("Mutex requires at least a mechanism argument")
	}
	name, dir, has := strings.Cut(c.Arg(0), ":")
	inFolder, ok := mutexes[ascii.ToLower(name)]
	if has {
		if at, err := os.Stat(c.Path(dir)); !inFolder || err != nil || !at.IsDir() {
			return c.Errorf("Invalid Mutex directory in argument %s", c.Arg(0))
		}
	}
	if !ok {
		return c.Errorf("Invalid Mutex argument %s", c.Arg(0))
	}
	for _, w := range c.Args[1:] {
		if !ascii.EqualFold(w, "omitpid") && !mutexTypes(ascii.ToLower(w)) {
			return c.Errorf("Mutex type %s is not valid", w)
		}
	}
	if none := anyOf("none", "no")(ascii.ToLower(name)); none && len(c.Args) == 1 {
		return c.Errorf("None is not allowed for mutex type default")
	}
	return nil
}

// mutexTypes are the users of mutexes that the manual lists.
var mutexTypes = anyOf("default", "mpm-accept", "authdigest-client", "authdigest-opaque", "ldap-cache", "rewrite-map",
	"ssl-cache", "ssl-stapling", "ssl-stapling-refresh", "watchdog-callback", "proxy", "proxy-balancer-shm", "cache-socache",
	"authn-socache", "socache-shmcb", "heartmonitor", "watchdog")

// errorLogFormat: the error log keeps its own form here, but a format that
// httpd could not read is an error.
func errorLogFormat(c *Call) error {
	format, kind := c.Arg(0), ""
	if len(c.Args) > 1 {
		format, kind = c.Arg(1), ascii.ToLower(c.Arg(0))
	}
	if kind != "" && kind != "request" && kind != "connection" {
		return c.Errorf("ErrorLogFormat type must be one of request, connection")
	}
	message, err := checkErrorFormat(format)
	switch {
	case err != nil:
		return c.Errorf("%w", err)
	case kind != "" && message:
		return c.Errorf("%%M cannot be used in once-per-request or once-per-connection formats")
	case kind == "" && len(c.Args) > 0 && !message:
		return c.Errorf("main ErrorLogFormat must contain message format string '%%M'")
	}
	return nil
}

// checkErrorFormat reads a format of the error log; message says whether %M is in it.
func checkErrorFormat(s string) (message bool, err error) {
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			return message, nil
		}
		s = strings.TrimLeft(s[i+1:], "-+0123456789")
		if strings.HasPrefix(s, "{") {
			end := strings.IndexByte(s, '}')
			if end < 0 {
				return message, errors.New("Ran off end of error log format parsing args to some directive")
			}
			s = s[end+1:]
		}
		if s == "" {
			return message, errors.New("Ran off end of error log format parsing args to some directive")
		}
		if strings.IndexByte("% aAcCeEFhHikLlmMnPpstTvV", s[0]) < 0 {
			return message, fmt.Errorf("Unrecognized error log format directive %%%c", s[0])
		}
		message = message || s[0] == 'M'
		s = s[1:]
	}
}

func randomSeed(c *Call) error {
	if w := ascii.ToLower(c.Arg(0)); w != "startup" && w != "connect" {
		return c.Errorf("SSLRandomSeed: invalid context: `%s'", c.Arg(0))
	}
	source := c.Arg(1)
	for _, kind := range []string{"egd:", "exec:"} {
		if strings.HasPrefix(source, kind) {
			return nil
		}
	}
	if source == "builtin" {
		return nil
	}
	path := c.Path(strings.TrimPrefix(source, "file:"))
	if _, err := os.Stat(path); err != nil {
		return c.Errorf("SSLRandomSeed: source path '%s' does not exist", path)
	}
	return nil
}

// caches are httpd's providers of caches for TLS.
var caches = anyOf("none", "nonenotnull", "default", "shmcb", "shm", "dbm", "dc", "memcache", "redis")

func cache(c *Call) error {
	name, _, _ := strings.Cut(ascii.ToLower(c.Arg(0)), ":")
	if !caches(name) {
		return c.Errorf("%s: '%s' is not supported (known names: %s)", c.Row.Name, name, "shmcb, dbm, dc, memcache, redis, default, none")
	}
	return nil
}

func watchdog(c *Call) error {
	d, ok := ascii.ParseTimeout(c.Arg(0), 1e9)
	switch {
	case !ok:
		return c.Errorf("Unparse-able WatchdogInterval setting")
	case d < 1e8:
		return c.Errorf("Invalid WatchdogInterval: minimal value 100ms")
	}
	return nil
}
