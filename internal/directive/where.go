package directive

import "strings"

// Where is a set of places a directive may stand in.
type Where uint16

// The places. VHost means directly inside <VirtualHost>; the section places
// mean the section whatever it is itself nested in.
const (
	Main      Where = 1 << iota // directly in the main server
	VHost                       // <VirtualHost>
	Directory                   // <Directory>, <DirectoryMatch>
	Location                    // <Location>, <LocationMatch>
	Files                       // <Files>, <FilesMatch>
	Proxy                       // <Proxy>, <ProxyMatch>
	If                          // <If>, <ElseIf>, <Else>
	Limit                       // <Limit>, <LimitExcept>
	Authz                       // <RequireAll>, <RequireAny>, <RequireNone>
	HTAccess                    // .htaccess files, which are never read here; kept for documentation
)

// The usual sets, with httpd's names for them.
const (
	Global       = Main                                              // GLOBAL_ONLY
	ServerConfig = Main | VHost                                      // RSRC_CONF
	DirConfig    = Directory | Location | Files | Proxy | If | Limit // ACCESS_CONF
	AuthConfig   = DirConfig | Authz | HTAccess                      // OR_AUTHCFG
	Overridable  = ServerConfig | DirConfig | HTAccess               // OR_FILEINFO, OR_OPTIONS, OR_INDEXES
	Anywhere     = ServerConfig | DirConfig | Authz | HTAccess       // OR_ALL
	ServerOrDir  = ServerConfig | DirConfig                          // RSRC_CONF|ACCESS_CONF
	sections     = Directory | Location | Files | Proxy | If | Limit | Authz
)

// placeLetters names each place by the letter the known table writes it with, in
// bit order.
const placeLetters = "SVDLFPIMAH"

// parseWhere reads a set written in letters; ok is false for unknown ones.
func parseWhere(letters string) (w Where, ok bool) {
	for i := range len(letters) {
		bit := strings.IndexByte(placeLetters, letters[i])
		if bit < 0 {
			return 0, false
		}
		w |= 1 << bit
	}
	return w, true
}

// Letters writes the set with one letter per place.
func (w Where) Letters() string {
	var b strings.Builder
	for i := range len(placeLetters) {
		if w&(1<<i) != 0 {
			b.WriteByte(placeLetters[i])
		}
	}
	return b.String()
}

// placeNames are the words of the manual's "Context" line, and ours for the
// sections it does not tell apart.
var placeNames = [...]string{
	"server config", "virtual host", "directory", "location", "files", "proxy", "if", "limit", "require", ".htaccess",
}

// String lists the places for documentation: "server config, virtual host".
// The sections are summed up as "directory" where all are meant.
func (w Where) String() string {
	var names []string
	rest := w
	for i, name := range placeNames {
		bit := Where(1) << i
		switch {
		case rest&bit == 0:
		case bit == Directory && w&DirConfig == DirConfig:
			names = append(names, "directory")
			rest &^= DirConfig | Authz
		default:
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
