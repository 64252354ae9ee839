/*
 * meta_schema_list.h
 *		The meta-schemas of JSON Schema, as published at https://json-schema.org: {URI, document}.
 *		No include guard: it is the initializer of one table.
 *
 * Copyright (c) 2022 JSON Schema Specification Authors.  Redistribution and use in source and
 * binary forms, with or without modification, are permitted provided that the following conditions
 * are met:
 *
 * 1. Redistributions of source code must retain the above copyright notice, this list of conditions
 *    and the following disclaimer.
 * 2. Redistributions in binary form must reproduce the above copyright notice, this list of
 *    conditions and the following disclaimer in the documentation and/or other materials provided
 *    with the distribution.
 * 3. Neither the name of the copyright holder nor the names of its contributors may be used to
 *    endorse or promote products derived from this software without specific prior written
 *    permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR
 * IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND
 * FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED.  IN NO EVENT SHALL THE COPYRIGHT HOLDER OR
 * CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
 * DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE,
 * DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY,
 * WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY
 * WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 */

/* clang-format off */
{"https://json-schema.org/draft/2020-12/schema",
 "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"$id\": \"http"
 "s://json-schema.org/draft/2020-12/schema\", \"$vocabulary\": {\"https://json"
 "-schema.org/draft/2020-12/vocab/core\": true, \"https://json-schema.org/dr"
 "aft/2020-12/vocab/applicator\": true, \"https://json-schema.org/draft/2020"
 "-12/vocab/unevaluated\": true, \"https://json-schema.org/draft/2020-12/voc"
 "ab/validation\": true, \"https://json-schema.org/draft/2020-12/vocab/meta-"
 "data\": true, \"https://json-schema.org/draft/2020-12/vocab/format-annotat"
 "ion\": true, \"https://json-schema.org/draft/2020-12/vocab/content\": true}"
 ", \"$dynamicAnchor\": \"meta\", \"title\": \"Core and Validation specifications"
 " meta-schema\", \"allOf\": [{\"$ref\": \"meta/core\"}, {\"$ref\": \"meta/applicato"
 "r\"}, {\"$ref\": \"meta/unevaluated\"}, {\"$ref\": \"meta/validation\"}, {\"$ref\":"
 " \"meta/meta-data\"}, {\"$ref\": \"meta/format-annotation\"}, {\"$ref\": \"meta/c"
 "ontent\"}], \"type\": [\"object\", \"boolean\"], \"$comment\": \"This meta-schema "
 "also defines keywords that have appeared in previous drafts in order to "
 "prevent incompatible extensions as they remain in common use.\", \"propert"
 "ies\": {\"definitions\": {\"$comment\": \"\\\"definitions\\\" has been replaced by"
 " \\\"$defs\\\".\", \"type\": \"object\", \"additionalProperties\": {\"$dynamicRef\": "
 "\"#meta\"}, \"deprecated\": true, \"default\": {}}, \"dependencies\": {\"$comment"
 "\": \"\\\"dependencies\\\" has been split and replaced by \\\"dependentSchemas\\\""
 " and \\\"dependentRequired\\\" in order to serve their differing semantics.\""
 ", \"type\": \"object\", \"additionalProperties\": {\"anyOf\": [{\"$dynamicRef\": \""
 "#meta\"}, {\"$ref\": \"meta/validation#/$defs/stringArray\"}]}, \"deprecated\":"
 " true, \"default\": {}}, \"$recursiveAnchor\": {\"$comment\": \"\\\"$recursiveAnc"
 "hor\\\" has been replaced by \\\"$dynamicAnchor\\\".\", \"$ref\": \"meta/core#/$de"
 "fs/anchorString\", \"deprecated\": true}, \"$recursiveRef\": {\"$comment\": \"\\\""
 "$recursiveRef\\\" has been replaced by \\\"$dynamicRef\\\".\", \"$ref\": \"meta/co"
 "re#/$defs/uriReferenceString\", \"deprecated\": true}}}"},
{"https://json-schema.org/draft/2020-12/meta/core",
 "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"$id\": \"http"
 "s://json-schema.org/draft/2020-12/meta/core\", \"$vocabulary\": {\"https://j"
 "son-schema.org/draft/2020-12/vocab/core\": true}, \"$dynamicAnchor\": \"meta"
 "\", \"title\": \"Core vocabulary meta-schema\", \"type\": [\"object\", \"boolean\"]"
 ", \"properties\": {\"$id\": {\"$ref\": \"#/$defs/uriReferenceString\", \"$comment"
 "\": \"Non-empty fragments not allowed.\", \"pattern\": \"^[^#]*#?$\"}, \"$schema"
 "\": {\"$ref\": \"#/$defs/uriString\"}, \"$ref\": {\"$ref\": \"#/$defs/uriReference"
 "String\"}, \"$anchor\": {\"$ref\": \"#/$defs/anchorString\"}, \"$dynamicRef\": {\""
 "$ref\": \"#/$defs/uriReferenceString\"}, \"$dynamicAnchor\": {\"$ref\": \"#/$def"
 "s/anchorString\"}, \"$vocabulary\": {\"type\": \"object\", \"propertyNames\": {\"$"
 "ref\": \"#/$defs/uriString\"}, \"additionalProperties\": {\"type\": \"boolean\"}}"
 ", \"$comment\": {\"type\": \"string\"}, \"$defs\": {\"type\": \"object\", \"additiona"
 "lProperties\": {\"$dynamicRef\": \"#meta\"}}}, \"$defs\": {\"anchorString\": {\"ty"
 "pe\": \"string\", \"pattern\": \"^[A-Za-z_][-A-Za-z0-9._]*$\"}, \"uriString\": {\""
 "type\": \"string\", \"format\": \"uri\"}, \"uriReferenceString\": {\"type\": \"strin"
 "g\", \"format\": \"uri-reference\"}}}"},
{"https://json-schema.org/draft/2020-12/meta/applicator",
 "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"$id\": \"http"
 "s://json-schema.org/draft/2020-12/meta/applicator\", \"$vocabulary\": {\"htt"
 "ps://json-schema.org/draft/2020-12/vocab/applicator\": true}, \"$dynamicAn"
 "chor\": \"meta\", \"title\": \"Applicator vocabulary meta-schema\", \"type\": [\"o"
 "bject\", \"boolean\"], \"properties\": {\"prefixItems\": {\"$ref\": \"#/$defs/sche"
 "maArray\"}, \"items\": {\"$dynamicRef\": \"#meta\"}, \"contains\": {\"$dynamicRef\""
 ": \"#meta\"}, \"additionalProperties\": {\"$dynamicRef\": \"#meta\"}, \"propertie"
 "s\": {\"type\": \"object\", \"additionalProperties\": {\"$dynamicRef\": \"#meta\"},"
 " \"default\": {}}, \"patternProperties\": {\"type\": \"object\", \"additionalProp"
 "erties\": {\"$dynamicRef\": \"#meta\"}, \"propertyNames\": {\"format\": \"regex\"},"
 " \"default\": {}}, \"dependentSchemas\": {\"type\": \"object\", \"additionalPrope"
 "rties\": {\"$dynamicRef\": \"#meta\"}, \"default\": {}}, \"propertyNames\": {\"$dy"
 "namicRef\": \"#meta\"}, \"if\": {\"$dynamicRef\": \"#meta\"}, \"then\": {\"$dynamicR"
 "ef\": \"#meta\"}, \"else\": {\"$dynamicRef\": \"#meta\"}, \"allOf\": {\"$ref\": \"#/$d"
 "efs/schemaArray\"}, \"anyOf\": {\"$ref\": \"#/$defs/schemaArray\"}, \"oneOf\": {\""
 "$ref\": \"#/$defs/schemaArray\"}, \"not\": {\"$dynamicRef\": \"#meta\"}}, \"$defs\""
 ": {\"schemaArray\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"$dynamicRe"
 "f\": \"#meta\"}}}}"},
{"https://json-schema.org/draft/2020-12/meta/unevaluated",
 "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"$id\": \"http"
 "s://json-schema.org/draft/2020-12/meta/unevaluated\", \"$vocabulary\": {\"ht"
 "tps://json-schema.org/draft/2020-12/vocab/unevaluated\": true}, \"$dynamic"
 "Anchor\": \"meta\", \"title\": \"Unevaluated applicator vocabulary meta-schema"
 "\", \"type\": [\"object\", \"boolean\"], \"properties\": {\"unevaluatedItems\": {\"$"
 "dynamicRef\": \"#meta\"}, \"unevaluatedProperties\": {\"$dynamicRef\": \"#meta\"}"
 "}}"},
{"https://json-schema.org/draft/2020-12/meta/validation",
 "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"$id\": \"http"
 "s://json-schema.org/draft/2020-12/meta/validation\", \"$vocabulary\": {\"htt"
 "ps://json-schema.org/draft/2020-12/vocab/validation\": true}, \"$dynamicAn"
 "chor\": \"meta\", \"title\": \"Validation vocabulary meta-schema\", \"type\": [\"o"
 "bject\", \"boolean\"], \"properties\": {\"type\": {\"anyOf\": [{\"$ref\": \"#/$defs/"
 "simpleTypes\"}, {\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/simpleTypes\""
 "}, \"minItems\": 1, \"uniqueItems\": true}]}, \"const\": true, \"enum\": {\"type\""
 ": \"array\", \"items\": true}, \"multipleOf\": {\"type\": \"number\", \"exclusiveMi"
 "nimum\": 0}, \"maximum\": {\"type\": \"number\"}, \"exclusiveMaximum\": {\"type\": "
 "\"number\"}, \"minimum\": {\"type\": \"number\"}, \"exclusiveMinimum\": {\"type\": \""
 "number\"}, \"maxLength\": {\"$ref\": \"#/$defs/nonNegativeInteger\"}, \"minLengt"
 "h\": {\"$ref\": \"#/$defs/nonNegativeIntegerDefault0\"}, \"pattern\": {\"type\": "
 "\"string\", \"format\": \"regex\"}, \"maxItems\": {\"$ref\": \"#/$defs/nonNegativeI"
 "nteger\"}, \"minItems\": {\"$ref\": \"#/$defs/nonNegativeIntegerDefault0\"}, \"u"
 "niqueItems\": {\"type\": \"boolean\", \"default\": false}, \"maxContains\": {\"$re"
 "f\": \"#/$defs/nonNegativeInteger\"}, \"minContains\": {\"$ref\": \"#/$defs/nonN"
 "egativeInteger\", \"default\": 1}, \"maxProperties\": {\"$ref\": \"#/$defs/nonNe"
 "gativeInteger\"}, \"minProperties\": {\"$ref\": \"#/$defs/nonNegativeIntegerDe"
 "fault0\"}, \"required\": {\"$ref\": \"#/$defs/stringArray\"}, \"dependentRequire"
 "d\": {\"type\": \"object\", \"additionalProperties\": {\"$ref\": \"#/$defs/stringA"
 "rray\"}}}, \"$defs\": {\"nonNegativeInteger\": {\"type\": \"integer\", \"minimum\":"
 " 0}, \"nonNegativeIntegerDefault0\": {\"$ref\": \"#/$defs/nonNegativeInteger\""
 ", \"default\": 0}, \"simpleTypes\": {\"enum\": [\"array\", \"boolean\", \"integer\","
 " \"null\", \"number\", \"object\", \"string\"]}, \"stringArray\": {\"type\": \"array\""
 ", \"items\": {\"type\": \"string\"}, \"uniqueItems\": true, \"default\": []}}}"},
{"https://json-schema.org/draft/2020-12/meta/meta-data",
 "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"$id\": \"http"
 "s://json-schema.org/draft/2020-12/meta/meta-data\", \"$vocabulary\": {\"http"
 "s://json-schema.org/draft/2020-12/vocab/meta-data\": true}, \"$dynamicAnch"
 "or\": \"meta\", \"title\": \"Meta-data vocabulary meta-schema\", \"type\": [\"obje"
 "ct\", \"boolean\"], \"properties\": {\"title\": {\"type\": \"string\"}, \"descriptio"
 "n\": {\"type\": \"string\"}, \"default\": true, \"deprecated\": {\"type\": \"boolean"
 "\", \"default\": false}, \"readOnly\": {\"type\": \"boolean\", \"default\": false},"
 " \"writeOnly\": {\"type\": \"boolean\", \"default\": false}, \"examples\": {\"type\""
 ": \"array\", \"items\": true}}}"},
{"https://json-schema.org/draft/2020-12/meta/format-annotation",
 "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"$id\": \"http"
 "s://json-schema.org/draft/2020-12/meta/format-annotation\", \"$vocabulary\""
 ": {\"https://json-schema.org/draft/2020-12/vocab/format-annotation\": true"
 "}, \"$dynamicAnchor\": \"meta\", \"title\": \"Format vocabulary meta-schema for"
 " annotation results\", \"type\": [\"object\", \"boolean\"], \"properties\": {\"for"
 "mat\": {\"type\": \"string\"}}}"},
{"https://json-schema.org/draft/2020-12/meta/format-assertion",
 "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"$id\": \"http"
 "s://json-schema.org/draft/2020-12/meta/format-assertion\", \"$vocabulary\":"
 " {\"https://json-schema.org/draft/2020-12/vocab/format-assertion\": true},"
 " \"$dynamicAnchor\": \"meta\", \"title\": \"Format vocabulary meta-schema for a"
 "ssertion results\", \"type\": [\"object\", \"boolean\"], \"properties\": {\"format"
 "\": {\"type\": \"string\"}}}"},
{"https://json-schema.org/draft/2020-12/meta/content",
 "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"$id\": \"http"
 "s://json-schema.org/draft/2020-12/meta/content\", \"$vocabulary\": {\"https:"
 "//json-schema.org/draft/2020-12/vocab/content\": true}, \"$dynamicAnchor\":"
 " \"meta\", \"title\": \"Content vocabulary meta-schema\", \"type\": [\"object\", \""
 "boolean\"], \"properties\": {\"contentEncoding\": {\"type\": \"string\"}, \"conten"
 "tMediaType\": {\"type\": \"string\"}, \"contentSchema\": {\"$dynamicRef\": \"#meta"
 "\"}}}"},
{"http://json-schema.org/draft-07/schema",
 "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"$id\": \"http://js"
 "on-schema.org/draft-07/schema#\", \"title\": \"Core schema meta-schema\", \"de"
 "finitions\": {\"schemaArray\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\""
 "$ref\": \"#\"}}, \"nonNegativeInteger\": {\"type\": \"integer\", \"minimum\": 0}, \""
 "nonNegativeIntegerDefault0\": {\"allOf\": [{\"$ref\": \"#/definitions/nonNegat"
 "iveInteger\"}, {\"default\": 0}]}, \"simpleTypes\": {\"enum\": [\"array\", \"boole"
 "an\", \"integer\", \"null\", \"number\", \"object\", \"string\"]}, \"stringArray\": {"
 "\"type\": \"array\", \"items\": {\"type\": \"string\"}, \"uniqueItems\": true, \"defa"
 "ult\": []}}, \"type\": [\"object\", \"boolean\"], \"properties\": {\"$id\": {\"type\""
 ": \"string\", \"format\": \"uri-reference\"}, \"$schema\": {\"type\": \"string\", \"f"
 "ormat\": \"uri\"}, \"$ref\": {\"type\": \"string\", \"format\": \"uri-reference\"}, \""
 "$comment\": {\"type\": \"string\"}, \"title\": {\"type\": \"string\"}, \"description"
 "\": {\"type\": \"string\"}, \"default\": true, \"readOnly\": {\"type\": \"boolean\", "
 "\"default\": false}, \"examples\": {\"type\": \"array\", \"items\": true}, \"multip"
 "leOf\": {\"type\": \"number\", \"exclusiveMinimum\": 0}, \"maximum\": {\"type\": \"n"
 "umber\"}, \"exclusiveMaximum\": {\"type\": \"number\"}, \"minimum\": {\"type\": \"nu"
 "mber\"}, \"exclusiveMinimum\": {\"type\": \"number\"}, \"maxLength\": {\"$ref\": \"#"
 "/definitions/nonNegativeInteger\"}, \"minLength\": {\"$ref\": \"#/definitions/"
 "nonNegativeIntegerDefault0\"}, \"pattern\": {\"type\": \"string\", \"format\": \"r"
 "egex\"}, \"additionalItems\": {\"$ref\": \"#\"}, \"items\": {\"anyOf\": [{\"$ref\": \""
 "#\"}, {\"$ref\": \"#/definitions/schemaArray\"}], \"default\": true}, \"maxItems"
 "\": {\"$ref\": \"#/definitions/nonNegativeInteger\"}, \"minItems\": {\"$ref\": \"#"
 "/definitions/nonNegativeIntegerDefault0\"}, \"uniqueItems\": {\"type\": \"bool"
 "ean\", \"default\": false}, \"contains\": {\"$ref\": \"#\"}, \"maxProperties\": {\"$"
 "ref\": \"#/definitions/nonNegativeInteger\"}, \"minProperties\": {\"$ref\": \"#/"
 "definitions/nonNegativeIntegerDefault0\"}, \"required\": {\"$ref\": \"#/defini"
 "tions/stringArray\"}, \"additionalProperties\": {\"$ref\": \"#\"}, \"definitions"
 "\": {\"type\": \"object\", \"additionalProperties\": {\"$ref\": \"#\"}, \"default\": "
 "{}}, \"properties\": {\"type\": \"object\", \"additionalProperties\": {\"$ref\": \""
 "#\"}, \"default\": {}}, \"patternProperties\": {\"type\": \"object\", \"additional"
 "Properties\": {\"$ref\": \"#\"}, \"propertyNames\": {\"format\": \"regex\"}, \"defau"
 "lt\": {}}, \"dependencies\": {\"type\": \"object\", \"additionalProperties\": {\"a"
 "nyOf\": [{\"$ref\": \"#\"}, {\"$ref\": \"#/definitions/stringArray\"}]}}, \"proper"
 "tyNames\": {\"$ref\": \"#\"}, \"const\": true, \"enum\": {\"type\": \"array\", \"items"
 "\": true}, \"type\": {\"anyOf\": [{\"$ref\": \"#/definitions/simpleTypes\"}, {\"ty"
 "pe\": \"array\", \"items\": {\"$ref\": \"#/definitions/simpleTypes\"}, \"minItems\""
 ": 1, \"uniqueItems\": true}]}, \"format\": {\"type\": \"string\"}, \"contentMedia"
 "Type\": {\"type\": \"string\"}, \"contentEncoding\": {\"type\": \"string\"}, \"if\": "
 "{\"$ref\": \"#\"}, \"then\": {\"$ref\": \"#\"}, \"else\": {\"$ref\": \"#\"}, \"allOf\": {\""
 "$ref\": \"#/definitions/schemaArray\"}, \"anyOf\": {\"$ref\": \"#/definitions/sc"
 "hemaArray\"}, \"oneOf\": {\"$ref\": \"#/definitions/schemaArray\"}, \"not\": {\"$r"
 "ef\": \"#\"}}, \"default\": true}"},
