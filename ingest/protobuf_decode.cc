/*
 * protobuf_decode.cc
 *		Reading messages of Protobuf with libprotobuf.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <climits>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <unordered_map>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>
#include <google/protobuf/wire_format_lite.h>

extern "C"
{
#include "protobuf_decode.h"
}

namespace pb = google::protobuf;

namespace
{

const char TYPE_PREFIX[] = "type.googleapis.com";
const int MAX_DEPTH = 100;

/* The first thing that libprotobuf finds wrong with a schema. */
class FirstError : public pb::DescriptorPool::ErrorCollector
{
  public:
	void
	AddError(const std::string &file, const std::string &element, const pb::Message *,
			 ErrorLocation, const std::string &message) override
	{
		if (text.empty())
			text = file + ": " + element + ": " + message;
	}

	std::string text;
};

/* Output that goes to a JsonWriter, up to its limit. */
class WriterStream : public pb::io::ZeroCopyOutputStream
{
  public:
	explicit WriterStream(JsonWriter *writer) : writer_(writer)
	{
	}

	~WriterStream() override
	{
		Flush();
	}

	bool
	Next(void **data, int *size) override
	{
		Flush();
		if (writer_->overflowed)
			return false;
		*data = chunk_;
		*size = used_ = (int) sizeof(chunk_);
		return true;
	}

	void
	BackUp(int count) override
	{
		used_ -= count;
	}

	int64_t
	ByteCount() const override
	{
		return (int64_t) writer_->length + used_;
	}

	void
	Flush()
	{
		json_put(writer_, chunk_, (size_t) used_);
		used_ = 0;
	}

  private:
	JsonWriter *writer_;
	char chunk_[8192];
	int used_ = 0;
};

/*
 * set_error puts a reason where the caller wants it.
 */
bool
set_error(char *error, const std::string &reason)
{
	snprintf(error, PROTOBUF_ERROR_SIZE, "%s", reason.c_str());
	return false;
}

} // namespace

struct ProtobufSchema
{
	pb::SimpleDescriptorDatabase files;
	pb::DescriptorPoolDatabase known{*pb::DescriptorPool::generated_pool()};
	pb::MergedDescriptorDatabase all{&files, &known};
	FirstError first_error;
	pb::DescriptorPool pool{&all, &first_error};
	pb::DynamicMessageFactory factory{&pool};
	std::unique_ptr<pb::util::TypeResolver> resolver{
		pb::util::NewTypeResolverForDescriptorPool(TYPE_PREFIX, &pool)};
	std::unordered_map<const pb::Descriptor *, size_t> weights;
	std::string last;
	const pb::FileDescriptor *main = nullptr;
};

namespace
{

/*
 * add_file adds a file, unless there is one of this name.
 */
void
add_file(ProtobufSchema *schema, const pb::FileDescriptorProto &file)
{
	pb::FileDescriptorProto other;

	schema->last = file.name();
	if (!schema->files.FindFileByName(file.name(), &other))
		schema->files.Add(file);
}

/*
 * add_confluents_files adds what Confluent's registry knows without being told, where no file has
 * the name.
 */
void
add_confluents_files(ProtobufSchema *schema)
{
	static const struct
	{
		const char *name;
		pb::FieldDescriptorProto::Type type;
	} fields[] = {{"value", pb::FieldDescriptorProto::TYPE_BYTES},
				  {"precision", pb::FieldDescriptorProto::TYPE_UINT32},
				  {"scale", pb::FieldDescriptorProto::TYPE_INT32}};
	std::string last = schema->last;
	pb::FileDescriptorProto meta;
	pb::FileDescriptorProto decimal;
	pb::DescriptorProto *message;
	int number = 0;

	meta.set_name("confluent/meta.proto");
	add_file(schema, meta);
	decimal.set_name("confluent/type/decimal.proto");
	decimal.set_package("confluent.type");
	decimal.set_syntax("proto3");
	message = decimal.add_message_type();
	message->set_name("Decimal");
	for (const auto &field : fields)
	{
		pb::FieldDescriptorProto *added = message->add_field();

		added->set_name(field.name);
		added->set_type(field.type);
		added->set_number(++number);
		added->set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
	}
	add_file(schema, decimal);
	schema->last = last;
}

/*
 * weight_of returns about how many bytes an empty message takes, in memory or as JSON.
 */
size_t
weight_of(ProtobufSchema *schema, const pb::Descriptor *type)
{
	auto found = schema->weights.find(type);
	size_t weight = 64;

	if (found != schema->weights.end())
		return found->second;
	for (int i = 0; i < type->field_count(); i++)
		weight += type->field(i)->name().size() + 24;
	schema->weights[type] = weight;
	return weight;
}

/*
 * weigh adds up what the messages in some bytes weigh.  It returns false if the bytes are no
 * message, or if they weigh more than the limit.
 */
bool
weigh(ProtobufSchema *schema, pb::io::CodedInputStream *in, const pb::Descriptor *type, int depth,
	  size_t *left)
{
	typedef pb::internal::WireFormatLite Wire;
	size_t weight = weight_of(schema, type);

	if (weight > *left || depth > MAX_DEPTH)
		return false;
	*left -= weight;
	for (;;)
	{
		uint32_t tag = in->ReadTag();
		const pb::FieldDescriptor *field = type->FindFieldByNumber(Wire::GetTagFieldNumber(tag));
		const pb::Descriptor *inner = field != nullptr ? field->message_type() : nullptr;
		bool is_group = Wire::GetTagWireType(tag) == Wire::WIRETYPE_START_GROUP;
		uint32_t length;

		if (tag == 0 || Wire::GetTagWireType(tag) == Wire::WIRETYPE_END_GROUP)
			return true;
		if (inner != nullptr && is_group)
		{
			if (!weigh(schema, in, inner, depth + 1, left))
				return false;
		}
		else if (inner != nullptr && Wire::GetTagWireType(tag) == Wire::WIRETYPE_LENGTH_DELIMITED)
		{
			if (!in->ReadVarint32(&length) || length > INT_MAX)
				return false;
			auto limit = in->PushLimit((int) length);
			if (!weigh(schema, in, inner, depth + 1, left))
				return false;
			in->PopLimit(limit);
		}
		else if (!Wire::SkipField(in, tag))
			return false;
	}
}

/*
 * type_at finds the type at a place of the schema.
 */
const pb::Descriptor *
type_at(const pb::FileDescriptor *file, const int *indexes, size_t count)
{
	const pb::Descriptor *type = nullptr;

	for (size_t i = 0; i < count; i++)
	{
		int types = type == nullptr ? file->message_type_count() : type->nested_type_count();

		if (indexes[i] < 0 || indexes[i] >= types)
			return nullptr;
		type = type == nullptr ? file->message_type(indexes[i]) : type->nested_type(indexes[i]);
	}
	return type;
}

/*
 * write_json writes a message that was read.  It is encoded again, since what converts it to JSON
 * wants each field once.
 */
bool
write_json(ProtobufSchema *schema, const pb::Message &message, JsonWriter *writer, char *error)
{
	std::string bytes = message.SerializeAsString();
	pb::util::JsonPrintOptions options;
	pb::util::Status status;

	options.preserve_proto_field_names = true;
	options.always_print_primitive_fields = true;
	{
		pb::io::ArrayInputStream in(bytes.data(), (int) bytes.size());
		WriterStream out(writer);

		status = pb::util::BinaryToJsonStream(schema->resolver.get(),
											  std::string(TYPE_PREFIX) + "/" +
												  message.GetDescriptor()->full_name(),
											  &in, &out, options);
	}
	if (writer->overflowed)
		return set_error(error, "the Protobuf message is too large as JSON");
	return status.ok() ||
		   set_error(error, "the Protobuf message has no form as JSON: " + status.ToString());
}

/*
 * decode reads a message of a type.
 */
bool
decode(ProtobufSchema *schema, const pb::Descriptor *type, const unsigned char *bytes, int length,
	   JsonWriter *writer, char *error)
{
	std::unique_ptr<pb::Message> message(schema->factory.GetPrototype(type)->New());
	pb::io::CodedInputStream weighed(bytes, length);
	pb::io::CodedInputStream in(bytes, length);
	size_t left = writer->limit;

	if (!weigh(schema, &weighed, type, 0, &left))
		return set_error(error, "the bytes are no Protobuf message of the type " +
									type->full_name() + ", or one too large or too deep");
	in.SetRecursionLimit(MAX_DEPTH);
	if (!message->ParsePartialFromCodedStream(&in) || !in.ConsumedEntireMessage())
		return set_error(error,
						 "the bytes are no Protobuf message of the type " + type->full_name());
	if (!message->IsInitialized())
		return set_error(error, "the Protobuf message lacks a required field: " +
									message->InitializationErrorString());
	return write_json(schema, *message, writer, error);
}

} // namespace

/*
 * protobuf_schema_new returns a schema without files.
 */
ProtobufSchema *
protobuf_schema_new(char *error)
{
	try
	{
		/* errors are returned; the library need not write them to stderr, too */
		pb::SetLogHandler(nullptr);
		return new ProtobufSchema;
	}
	catch (const std::exception &)
	{
		set_error(error, "out of memory");
		return nullptr;
	}
}

/*
 * protobuf_schema_add_file adds a file.
 */
bool
protobuf_schema_add_file(ProtobufSchema *schema, const char *name, const void *bytes, size_t length,
						 char *error)
{
	try
	{
		pb::FileDescriptorProto file;

		if (length > INT_MAX || !file.ParseFromArray(bytes, (int) length))
			return set_error(error, "a file of the Protobuf schema is no FileDescriptorProto");
		file.set_name(name);
		add_file(schema, file);
		return true;
	}
	catch (const std::exception &)
	{
		return set_error(error, "out of memory");
	}
}

/*
 * protobuf_schema_add_set adds files.
 */
bool
protobuf_schema_add_set(ProtobufSchema *schema, const void *bytes, size_t length, char *error)
{
	try
	{
		pb::FileDescriptorSet set;

		if (length > INT_MAX || !set.ParseFromArray(bytes, (int) length) || set.file_size() == 0)
			return set_error(error,
							 "the Protobuf schema is no FileDescriptorSet: make it by protoc "
							 "--include_imports --descriptor_set_out=FILE");
		for (const auto &file : set.file())
			add_file(schema, file);
		return true;
	}
	catch (const std::exception &)
	{
		return set_error(error, "out of memory");
	}
}

/*
 * protobuf_schema_finish builds the schema.
 */
bool
protobuf_schema_finish(ProtobufSchema *schema, char *error)
{
	try
	{
		add_confluents_files(schema);
		schema->main = schema->pool.FindFileByName(schema->last);
		return schema->main != nullptr ||
			   set_error(error, "the Protobuf schema is not valid: " + schema->first_error.text);
	}
	catch (const std::exception &)
	{
		return set_error(error, "out of memory");
	}
}

/*
 * protobuf_decode reads a message.
 */
bool
protobuf_decode(ProtobufSchema *schema, const char *type, const int *indexes, size_t index_count,
				const unsigned char *bytes, size_t length, JsonWriter *writer, char *error)
{
	try
	{
		const pb::Descriptor *found = type != nullptr ? schema->pool.FindMessageTypeByName(type)
													  : type_at(schema->main, indexes, index_count);

		if (found == nullptr)
			return set_error(error,
							 std::string("the Protobuf schema has no type ") +
								 (type != nullptr ? type : "at the place that the message says"));
		if (length > INT_MAX)
			return set_error(error, "the Protobuf message is too large");
		return decode(schema, found, bytes, (int) length, writer, error);
	}
	catch (const std::exception &)
	{
		return set_error(error, "out of memory");
	}
}

/*
 * protobuf_schema_free frees a schema.
 */
void
protobuf_schema_free(ProtobufSchema *schema)
{
	delete schema;
}
