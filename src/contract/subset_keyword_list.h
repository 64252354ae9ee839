/*
 * subset_keyword_list.h
 *		The keywords of JSON Schema that say which documents are valid, and how two versions of a
 *		schema are compared by each.  All others are annotations, which make no difference.
 *
 * SUBSET_KEYWORD(symbol, keyword, drafts, kind of its value, types that it constrains, function)
 *
 * A keyword is compared in the order of this list, so that the first reason for a refusal is the
 * simplest one.  Where there is no function, that of another keyword does the work.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
/* clang-format off */
SUBSET_KEYWORD(REF, "$ref", BOTH, REFERENCE, TYPE_ANY, compare_ref)
SUBSET_KEYWORD(DYNAMIC_REF, "$dynamicRef", 2020, REFERENCE, TYPE_ANY, compare_dynamic_ref)
SUBSET_KEYWORD(RECURSIVE_REF, "$recursiveRef", 2020, REFERENCE, TYPE_ANY, compare_dynamic_ref)
SUBSET_KEYWORD(TYPE, "type", BOTH, VALUE, TYPE_ANY, compare_type)
SUBSET_KEYWORD(CONST, "const", BOTH, VALUE, TYPE_ANY, compare_const)
SUBSET_KEYWORD(ENUM, "enum", BOTH, VALUE, TYPE_ANY, compare_enum)
SUBSET_KEYWORD(MINIMUM, "minimum", BOTH, VALUE, TYPE_NUMBER, compare_bound)
SUBSET_KEYWORD(EXCLUSIVE_MINIMUM, "exclusiveMinimum", BOTH, VALUE, TYPE_NUMBER, compare_bound)
SUBSET_KEYWORD(MAXIMUM, "maximum", BOTH, VALUE, TYPE_NUMBER, compare_bound)
SUBSET_KEYWORD(EXCLUSIVE_MAXIMUM, "exclusiveMaximum", BOTH, VALUE, TYPE_NUMBER, compare_bound)
SUBSET_KEYWORD(MULTIPLE_OF, "multipleOf", BOTH, VALUE, TYPE_NUMBER, compare_multiple_of)
SUBSET_KEYWORD(MIN_LENGTH, "minLength", BOTH, VALUE, TYPE_STRING, compare_least_size)
SUBSET_KEYWORD(MAX_LENGTH, "maxLength", BOTH, VALUE, TYPE_STRING, compare_greatest_size)
SUBSET_KEYWORD(PATTERN, "pattern", BOTH, VALUE, TYPE_STRING, compare_pattern)
SUBSET_KEYWORD(FORMAT, "format", BOTH, VALUE, TYPE_STRING, compare_format)
SUBSET_KEYWORD(REQUIRED, "required", BOTH, VALUE, TYPE_OBJECT, compare_required)
SUBSET_KEYWORD(PROPERTIES, "properties", BOTH, SCHEMA_MAP, TYPE_OBJECT, compare_properties)
SUBSET_KEYWORD(PATTERN_PROPERTIES, "patternProperties", BOTH, SCHEMA_MAP, TYPE_OBJECT, compare_pattern_properties)
SUBSET_KEYWORD(ADDITIONAL_PROPERTIES, "additionalProperties", BOTH, SCHEMA, TYPE_OBJECT, compare_other_properties)
SUBSET_KEYWORD(PROPERTY_NAMES, "propertyNames", BOTH, SCHEMA, TYPE_OBJECT, compare_property_names)
SUBSET_KEYWORD(MIN_PROPERTIES, "minProperties", BOTH, VALUE, TYPE_OBJECT, compare_least_size)
SUBSET_KEYWORD(MAX_PROPERTIES, "maxProperties", BOTH, VALUE, TYPE_OBJECT, compare_greatest_size)
SUBSET_KEYWORD(DEPENDENT_REQUIRED, "dependentRequired", 2020, VALUE, TYPE_OBJECT, compare_dependencies)
SUBSET_KEYWORD(DEPENDENT_SCHEMAS, "dependentSchemas", 2020, SCHEMA_MAP, TYPE_OBJECT, compare_dependencies)
SUBSET_KEYWORD(DEPENDENCIES, "dependencies", 7, SCHEMA_MAP, TYPE_OBJECT, compare_dependencies)
SUBSET_KEYWORD(MIN_ITEMS, "minItems", BOTH, VALUE, TYPE_ARRAY, compare_least_size)
SUBSET_KEYWORD(MAX_ITEMS, "maxItems", BOTH, VALUE, TYPE_ARRAY, compare_greatest_size)
SUBSET_KEYWORD(UNIQUE_ITEMS, "uniqueItems", BOTH, VALUE, TYPE_ARRAY, compare_unique_items)
SUBSET_KEYWORD(PREFIX_ITEMS, "prefixItems", 2020, SCHEMAS, TYPE_ARRAY, compare_prefix_items)
SUBSET_KEYWORD(ITEMS, "items", BOTH, SCHEMAS, TYPE_ARRAY, compare_items)
SUBSET_KEYWORD(ADDITIONAL_ITEMS, "additionalItems", 7, SCHEMA, TYPE_ARRAY, compare_additional_items)
SUBSET_KEYWORD(CONTAINS, "contains", BOTH, SCHEMA, TYPE_ARRAY, compare_contains)
SUBSET_KEYWORD(MIN_CONTAINS, "minContains", 2020, VALUE, TYPE_ARRAY, NULL)
SUBSET_KEYWORD(MAX_CONTAINS, "maxContains", 2020, VALUE, TYPE_ARRAY, NULL)
SUBSET_KEYWORD(ALL_OF, "allOf", BOTH, SCHEMAS, TYPE_ANY, compare_all_of)
SUBSET_KEYWORD(ANY_OF, "anyOf", BOTH, SCHEMAS, TYPE_ANY, compare_any_of)
SUBSET_KEYWORD(ONE_OF, "oneOf", BOTH, SCHEMAS, TYPE_ANY, compare_one_of)
SUBSET_KEYWORD(NOT, "not", BOTH, SCHEMA, TYPE_ANY, compare_not)
SUBSET_KEYWORD(IF, "if", BOTH, SCHEMA, TYPE_ANY, compare_if)
SUBSET_KEYWORD(THEN, "then", BOTH, SCHEMA, TYPE_ANY, NULL)
SUBSET_KEYWORD(ELSE, "else", BOTH, SCHEMA, TYPE_ANY, NULL)
SUBSET_KEYWORD(UNEVALUATED_PROPERTIES, "unevaluatedProperties", 2020, SCHEMA, TYPE_OBJECT, compare_other_properties)
SUBSET_KEYWORD(UNEVALUATED_ITEMS, "unevaluatedItems", 2020, SCHEMA, TYPE_ARRAY, compare_unevaluated_items)
/* clang-format on */
