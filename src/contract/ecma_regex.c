#include "postgres.h"
#include "contract/ecma_regex.h"
EcmaRegex
ecma_regex_translate(TextView regex)
{
	return (EcmaRegex){pnstrdup(regex.data, regex.len), NULL, true};
}
