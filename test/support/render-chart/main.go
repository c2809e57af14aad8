// Renders a Helm chart as `helm template` does, where there is no helm: Debian has none. The parts are those of Helm 3
// itself: Go's text/template, sprig, sigs.k8s.io/yaml and gojsonschema. It knows what our chart needs of Helm, and no more:
// no dependencies, no hooks, no .Files.
//
// Reads {"chart": path, "release": {...}, "values": {...}} from standard input. Writes {"manifests": [...], "notes": "..."}, or
// says on standard error why Helm would refuse, and exits with 1.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/xeipuuv/gojsonschema"
	"sigs.k8s.io/yaml"
)

type order struct {
	Chart   string                 `json:"chart"`
	Release map[string]interface{} `json:"release"`
	Values  map[string]interface{} `json:"values"`
}

type manifest struct {
	File   string                 `json:"file"`
	Object map[string]interface{} `json:"object"`
}

// The fields of Chart.yaml that we use. Decoding is strict, so a misspelt one is refused.
type chartMetadata struct {
	APIVersion  string `json:"apiVersion"`
	Name        string `json:"name"`
	Version     string `json:"version"`
	AppVersion  string `json:"appVersion"`
	KubeVersion string `json:"kubeVersion"`
	Description string `json:"description"`
	Type        string `json:"type"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var asked order
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return err
	}
	var chart chartMetadata
	if err := readYAML(filepath.Join(asked.Chart, "Chart.yaml"), &chart); err != nil {
		return err
	}
	defaults := map[string]interface{}{}
	if err := readYAML(filepath.Join(asked.Chart, "values.yaml"), &defaults); err != nil {
		return err
	}
	values := coalesce(asked.Values, defaults)
	if err := checkValues(filepath.Join(asked.Chart, "values.schema.json"), values); err != nil {
		return err
	}
	rendered, err := render(asked.Chart, chart, asked.Release, values)
	if err != nil {
		return err
	}
	answer := struct {
		Manifests []manifest `json:"manifests"`
		Notes     string     `json:"notes"`
	}{Manifests: []manifest{}, Notes: rendered["NOTES.txt"]}
	for _, file := range sortedNames(rendered) {
		if file == "NOTES.txt" || strings.HasPrefix(file, "_") {
			continue
		}
		objects, err := parseManifests(rendered[file])
		if err != nil {
			return fmt.Errorf("YAML parse error on %s: %v", file, err)
		}
		for _, object := range objects {
			answer.Manifests = append(answer.Manifests, manifest{file, object})
		}
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

// The values of the user over those of the chart, map by map. A null takes a default away.
func coalesce(given, defaults map[string]interface{}) map[string]interface{} {
	merged := map[string]interface{}{}
	for name, value := range defaults {
		merged[name] = value
	}
	for name, value := range given {
		givenMap, isMap := value.(map[string]interface{})
		defaultMap, wasMap := merged[name].(map[string]interface{})
		switch {
		case value == nil:
			delete(merged, name)
		case isMap && wasMap:
			merged[name] = coalesce(givenMap, defaultMap)
		default:
			merged[name] = value
		}
	}
	return merged
}

func checkValues(schemaFile string, values map[string]interface{}) error {
	schema, err := os.ReadFile(schemaFile)
	if err != nil {
		return err
	}
	result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(schema), gojsonschema.NewGoLoader(values))
	if err != nil {
		return err
	}
	if result.Valid() {
		return nil
	}
	lines := []string{"values don't meet the specifications of the schema(s):"}
	for _, problem := range result.Errors() {
		lines = append(lines, "- "+problem.String())
	}
	return fmt.Errorf("%s", strings.Join(lines, "\n"))
}

var separator = regexp.MustCompile(`(?m)^---\s*$`)

// Strict, unlike Helm: a name that stands twice in one map is refused.
func parseManifests(text string) ([]map[string]interface{}, error) {
	var objects []map[string]interface{}
	for _, document := range separator.Split(text, -1) {
		var object map[string]interface{}
		if err := yaml.UnmarshalStrict([]byte(document), &object); err != nil {
			return nil, err
		}
		if len(object) > 0 {
			objects = append(objects, object)
		}
	}
	return objects, nil
}

func readYAML(file string, into interface{}) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		return fmt.Errorf("%s: %v", filepath.Base(file), err)
	}
	return nil
}
