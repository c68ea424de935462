package expr

import (
	"time"

	"github.com/headgate/headgate/internal/ascii"
)

// Var is a variable of the language.
type Var uint8

// The variables, by their httpd names.
const (
	RequestMethod Var = iota
	RequestScheme
	RequestURI
	DocumentURI
	RequestFilename
	ScriptFilename
	LastModified
	ScriptUser
	ScriptGroup
	PathInfo
	QueryString
	IsSubreq
	TheRequest
	RemoteAddr
	RemotePort
	RemoteHost
	RemoteUser
	RemoteIdent
	ServerName
	ServerPort
	ServerAdmin
	ServerProtocol
	DocumentRoot
	AuthType
	ContentType
	Handler
	HTTP2
	HTTPS
	IPv6
	RequestStatus
	RequestLogID
	ConnLogID
	ConnRemoteAddr
	ContextPrefix
	ContextDocumentRoot
	TimeYear
	TimeMon
	TimeDay
	TimeHour
	TimeMin
	TimeSec
	TimeWday
	Time
	ServerSoftware
	APIVersion
	numVars
)

// Uses is the set of things that an expression depends on. It tells in which
// stages of a request the expression can be evaluated.
type Uses uint16

// What an expression can depend on.
const (
	UsesHeaders    Uses = 1 << iota // request headers
	UsesResponse                    // status or headers of the response
	UsesUser                        // the user, who is known after authentication
	UsesFilename                    // the file or backend that the URI maps to
	UsesEnv                         // notes and the request's environment
	UsesFiles                       // the file system
	UsesSubrequest                  // -F and -U
	UsesExtern                      // a variable or function of a module
	UsesGroups                      // $0 to $9
	UsesTime                        // the clock
)

// vars is the table of variables: name and dependencies.
var vars = [numVars]struct {
	name string
	uses Uses
}{
	RequestMethod:       {"REQUEST_METHOD", 0},
	RequestScheme:       {"REQUEST_SCHEME", 0},
	RequestURI:          {"REQUEST_URI", 0},
	DocumentURI:         {"DOCUMENT_URI", UsesEnv},
	RequestFilename:     {"REQUEST_FILENAME", UsesFilename},
	ScriptFilename:      {"SCRIPT_FILENAME", UsesFilename},
	LastModified:        {"LAST_MODIFIED", UsesFilename},
	ScriptUser:          {"SCRIPT_USER", UsesFilename},
	ScriptGroup:         {"SCRIPT_GROUP", UsesFilename},
	PathInfo:            {"PATH_INFO", UsesFilename},
	QueryString:         {"QUERY_STRING", 0},
	IsSubreq:            {"IS_SUBREQ", 0},
	TheRequest:          {"THE_REQUEST", 0},
	RemoteAddr:          {"REMOTE_ADDR", 0},
	RemotePort:          {"REMOTE_PORT", 0},
	RemoteHost:          {"REMOTE_HOST", 0},
	RemoteUser:          {"REMOTE_USER", UsesUser},
	RemoteIdent:         {"REMOTE_IDENT", 0},
	ServerName:          {"SERVER_NAME", 0},
	ServerPort:          {"SERVER_PORT", 0},
	ServerAdmin:         {"SERVER_ADMIN", 0},
	ServerProtocol:      {"SERVER_PROTOCOL", 0},
	DocumentRoot:        {"DOCUMENT_ROOT", 0},
	AuthType:            {"AUTH_TYPE", UsesUser},
	ContentType:         {"CONTENT_TYPE", UsesResponse},
	Handler:             {"HANDLER", UsesFilename},
	HTTP2:               {"HTTP2", 0},
	HTTPS:               {"HTTPS", 0},
	IPv6:                {"IPV6", 0},
	RequestStatus:       {"REQUEST_STATUS", UsesResponse},
	RequestLogID:        {"REQUEST_LOG_ID", 0},
	ConnLogID:           {"CONN_LOG_ID", 0},
	ConnRemoteAddr:      {"CONN_REMOTE_ADDR", 0},
	ContextPrefix:       {"CONTEXT_PREFIX", UsesFilename},
	ContextDocumentRoot: {"CONTEXT_DOCUMENT_ROOT", UsesFilename},
	TimeYear:            {"TIME_YEAR", UsesTime},
	TimeMon:             {"TIME_MON", UsesTime},
	TimeDay:             {"TIME_DAY", UsesTime},
	TimeHour:            {"TIME_HOUR", UsesTime},
	TimeMin:             {"TIME_MIN", UsesTime},
	TimeSec:             {"TIME_SEC", UsesTime},
	TimeWday:            {"TIME_WDAY", UsesTime},
	Time:                {"TIME", UsesTime},
	ServerSoftware:      {"SERVER_SOFTWARE", 0},
	APIVersion:          {"API_VERSION", 0},
}

// headerVars is the table of variables whose value is a request header.
var headerVars = [...]struct{ name, header string }{
	{"HTTP_ACCEPT", "Accept"},
	{"HTTP_COOKIE", "Cookie"},
	{"HTTP_FORWARDED", "Forwarded"},
	{"HTTP_HOST", "Host"},
	{"HTTP_PROXY_CONNECTION", "Proxy-Connection"},
	{"HTTP_REFERER", "Referer"},
	{"HTTP_USER_AGENT", "User-Agent"},
}

// String returns httpd's name of v.
func (v Var) String() string {
	if v < numVars {
		return vars[v].name
	}
	return "?"
}

// LookupVar returns the variable with a name, ignoring case. It does not find
// variables for request headers: see LookupHeaderVar.
func LookupVar(name string) (Var, bool) {
	for v := range vars {
		if ascii.EqualFold(vars[v].name, name) {
			return Var(v), true
		}
	}
	return 0, false
}

// LookupHeaderVar returns the request header for a variable such as HTTP_HOST.
func LookupHeaderVar(name string) (header string, ok bool) {
	for _, h := range headerVars {
		if ascii.EqualFold(h.name, name) {
			return h.header, true
		}
	}
	return "", false
}

// AppendTime appends the value of a TIME variable, or of LAST_MODIFIED, for t.
func AppendTime(dst []byte, v Var, t time.Time) []byte {
	layout := ""
	switch v {
	case TimeYear:
		layout = "2006"
	case TimeMon:
		layout = "01"
	case TimeDay:
		layout = "02"
	case TimeHour:
		layout = "15"
	case TimeMin:
		layout = "04"
	case TimeSec:
		layout = "05"
	case TimeWday:
		return append(dst, '0'+byte(t.Weekday()))
	case Time, LastModified:
		layout = "20060102150405"
	}
	return t.AppendFormat(dst, layout)
}
