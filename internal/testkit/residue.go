package testkit

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

// Fill sets every field reachable in the struct that p points to, unexported
// ones too, to a value that is not zero: for tests of code that clears it. Functions
// and channels, and interfaces that no string fits into, are not changed.
func Fill(p any) { fill(reflect.ValueOf(p).Elem(), 0) }

func fill(v reflect.Value, depth int) {
	if depth > 8 {
		return
	}
	if !v.CanSet() {
		v = reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), depth+1)
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(1)
	case reflect.String:
		v.SetString("x")
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Interface:
		if s := reflect.ValueOf("x"); s.Type().Implements(v.Type()) {
			v.Set(s)
		}
	}
}

// Residue lists the fields, by path, that are not zero in the struct that p
// points to. A slice is zero if it is empty. A path in except also leaves out
// the fields below it.
func Residue(p any, except ...string) (found []string) {
	residue(reflect.ValueOf(p).Elem(), "", func(path string) {
		for _, e := range except {
			if path == e || strings.HasPrefix(path, e+".") {
				return
			}
		}
		found = append(found, path)
	})
	return found
}

func residue(v reflect.Value, path string, tell func(path string)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			residue(v.Field(i), strings.TrimPrefix(path+"."+name, "."), tell)
		}
	case reflect.Array:
		for i := range v.Len() {
			residue(v.Index(i), fmt.Sprintf("%s.%d", path, i), tell)
		}
	case reflect.Slice:
		if v.Len() > 0 {
			tell(path)
		}
	default:
		if !v.IsZero() {
			tell(path)
		}
	}
}
