package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

// What Helm adds to text/template: sprig without the environment, and its own functions.
func functions(parent *template.Template) template.FuncMap {
	known := sprig.TxtFuncMap()
	delete(known, "env")
	delete(known, "expandenv")
	known["toYaml"] = func(value interface{}) string {
		text, err := yaml.Marshal(value)
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(string(text), "\n")
	}
	known["fromYaml"] = func(text string) map[string]interface{} {
		value := map[string]interface{}{}
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			value["Error"] = err.Error()
		}
		return value
	}
	known["toJson"] = func(value interface{}) string {
		text, err := json.Marshal(value)
		if err != nil {
			return ""
		}
		return string(text)
	}
	known["required"] = func(warning string, value interface{}) (interface{}, error) {
		if text, isText := value.(string); value == nil || (isText && text == "") {
			return value, errors.New(warning)
		}
		return value, nil
	}
	known["fail"] = func(message string) (string, error) { return "", errors.New(message) }
	// Without a cluster there is nothing to look up, as for `helm template`.
	known["lookup"] = func(...string) map[string]interface{} { return map[string]interface{}{} }
	known["include"] = func(name string, data interface{}) (string, error) {
		var text strings.Builder
		err := parent.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	known["tpl"] = func(text string, data interface{}) (string, error) {
		clone, err := parent.Clone()
		if err != nil {
			return "", err
		}
		parsed, err := clone.New("tpl").Parse(text)
		if err != nil {
			return "", err
		}
		var rendered strings.Builder
		err = parsed.Execute(&rendered, data)
		return rendered.String(), err
	}
	return known
}

// Every file under templates/, rendered, by its name.
func render(
	folder string,
	chart chartMetadata,
	release map[string]interface{},
	values map[string]interface{},
) (map[string]string, error) {
	all := template.New("gotpl").Option("missingkey=zero")
	all.Funcs(functions(all))
	files, err := os.ReadDir(filepath.Join(folder, "templates"))
	if err != nil {
		return nil, err
	}
	base := chart.Name + "/templates"
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(folder, "templates", file.Name()))
		if err != nil {
			return nil, err
		}
		if _, err := all.New(base + "/" + file.Name()).Parse(string(text)); err != nil {
			return nil, err
		}
	}
	rendered := map[string]string{}
	for _, file := range files {
		name := base + "/" + file.Name()
		var text strings.Builder
		err := all.ExecuteTemplate(&text, name, map[string]interface{}{
			"Values":   values,
			"Chart":    chart,
			"Release":  release,
			"Template": map[string]interface{}{"Name": name, "BasePath": base},
		})
		if err != nil {
			return nil, err
		}
		// What text/template writes for a nil that Helm shows as nothing.
		rendered[file.Name()] = strings.ReplaceAll(text.String(), "<no value>", "")
	}
	return rendered, nil
}

func sortedNames(rendered map[string]string) []string {
	names := make([]string, 0, len(rendered))
	for name := range rendered {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
