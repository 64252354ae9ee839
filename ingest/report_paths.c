/*
 * report_paths.c
 *		The first pages of sessions as a Sankey diagram: a column of nodes for each step, as high as
 *		their sessions are many, and bands from step to step.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <math.h>
#include <string.h>

#include "report_html.h"
#include "report_sections.h"

#define STEPS  4
#define PLACES 7 /* at each step: five pages, all others, the end */
#define HEIGHT 430.0
#define TOP    30.0
#define GAP    20.0 /* between the nodes of a column */
#define NODE   10.0 /* how wide a node is */
#define COLUMN 252.0

typedef struct Node
{
	const json_t *object; /* NULL: there is no such node */
	double sessions;
	double y;
	double left;  /* how much of its height bands have taken that come in */
	double right; /* and that go out */
} Node;

typedef struct Diagram
{
	Node nodes[STEPS][PLACES];
	double scale; /* height of a session */
} Diagram;

/*
 * node_of finds a node by its step and place, which begin at 1.
 */
static Node *
node_of(Diagram *diagram, double step, double place)
{
	if (!(step >= 1 && step <= STEPS && place >= 1 && place <= PLACES))
		return NULL;
	return &diagram->nodes[(int) step - 1][(int) place - 1];
}

/*
 * read_nodes takes the nodes from the document.
 */
static void
read_nodes(Diagram *diagram, const json_t *nodes)
{
	for (size_t i = 0; i < json_array_size(nodes); i++)
	{
		const json_t *object = json_array_get(nodes, i);
		Node *node = node_of(diagram, number_of(object, "step"), number_of(object, "place"));

		if (node == NULL)
			continue;
		node->object = object;
		node->sessions = number_of(object, "sessions");
	}
}

/*
 * place_nodes stacks the nodes of each column.
 */
static void
place_nodes(Diagram *diagram)
{
	double most = 1;

	for (int step = 0; step < STEPS; step++)
	{
		double total = 0;

		for (int place = 0; place < PLACES; place++)
			total += diagram->nodes[step][place].sessions;
		most = fmax(most, total);
	}
	diagram->scale = (HEIGHT - TOP - GAP * PLACES) / most;
	for (int step = 0; step < STEPS; step++)
	{
		double y = TOP;

		for (int place = 0; place < PLACES; place++)
		{
			Node *node = &diagram->nodes[step][place];

			node->y = y;
			if (node->object != NULL)
				y += node->sessions * diagram->scale + GAP;
		}
	}
}

/*
 * put_name adds what a node is.
 */
static void
put_name(Text *html, const json_t *node, size_t max)
{
	const char *kind = text_of(node, "kind");

	if (strcmp(kind, "end") == 0)
		text_put(html, "(session ended)");
	else if (strcmp(kind, "other") == 0)
		text_put(html, "(other pages)");
	else
		html_text(html, text_of(node, "page"), max);
}

/*
 * put_link adds a band between two nodes.
 */
static void
put_link(Text *html, Diagram *diagram, const json_t *link)
{
	double step = number_of(link, "step");
	double sessions = number_of(link, "sessions");
	Node *source = node_of(diagram, step, number_of(link, "source"));
	Node *target = node_of(diagram, step + 1, number_of(link, "target"));
	double width = sessions * diagram->scale;
	double from = COLUMN * (step - 1) + NODE;
	double middle = from + (COLUMN - NODE) / 2;
	double y1;
	double y2;

	if (source == NULL || target == NULL || source->object == NULL || target->object == NULL)
		return;
	y1 = source->y + source->right + width / 2;
	y2 = target->y + target->left + width / 2;
	source->right += width;
	target->left += width;
	text_printf(html,
				"<path class=\"band%s\" stroke-width=\"%.2f\" "
				"d=\"M%.0f %.2fC%.0f %.2f %.0f %.2f %.0f %.2f\"><title>",
				strcmp(text_of(target->object, "kind"), "end") == 0 ? " ended" : "",
				fmax(width, 0.5), from, y1, middle, y1, middle, y2, COLUMN * step, y2);
	put_name(html, source->object, HTML_TABLE_TEXT);
	text_put(html, " → ");
	put_name(html, target->object, HTML_TABLE_TEXT);
	text_put(html, ": ");
	html_count(html, sessions, "session");
	text_put(html, "</title></path>\n");
}

/*
 * put_node adds a node with its name and number.
 */
static void
put_node(Text *html, const Diagram *diagram, int step, const Node *node)
{
	double height = fmax(node->sessions * diagram->scale, 1);
	double x = COLUMN * step;
	double y = node->y + height / 2 + 4;

	text_printf(html,
				"<rect class=\"node%s\" x=\"%.0f\" y=\"%.2f\" width=\"%.0f\" height=\"%.2f\"/>"
				"<text class=\"halo\" x=\"%.0f\" y=\"%.2f\"><tspan class=\"name\">",
				strcmp(text_of(node->object, "kind"), "page") == 0 ? "" : " none", x, node->y, NODE,
				height, x + NODE + 6, y);
	put_name(html, node->object, HTML_LABEL_TEXT);
	text_put(html, "</tspan><tspan class=\"strong\" dx=\"6\">");
	html_number(html, node->sessions);
	text_put(html, "</tspan></text>\n");
}

/*
 * put_diagram adds the bands, then the nodes above them.
 */
static void
put_diagram(Text *html, Diagram *diagram, const json_t *links)
{
	static const char *const headings[STEPS] = {"First page", "Second", "Third", "Fourth"};

	for (size_t i = 0; i < json_array_size(links); i++)
		put_link(html, diagram, json_array_get(links, i));
	for (int step = 0; step < STEPS; step++)
	{
		text_printf(html, "<text class=\"soft\" x=\"%.0f\" y=\"14\">%s</text>\n", COLUMN * step,
					headings[step]);
		for (int place = 0; place < PLACES; place++)
			if (diagram->nodes[step][place].object != NULL)
				put_node(html, diagram, step, &diagram->nodes[step][place]);
	}
}

/*
 * put_summary adds the sentence about the paths: where most sessions begin, and go on.
 */
static void
put_summary(Text *html, Diagram *diagram, const json_t *links)
{
	const Node *first = &diagram->nodes[0][0];
	const Node *next = NULL;
	double most = 0;

	for (size_t i = 0; i < json_array_size(links); i++)
	{
		const json_t *link = json_array_get(links, i);

		if (number_of(link, "step") != 1 || number_of(link, "source") != 1 ||
			number_of(link, "sessions") <= most)
			continue;
		most = number_of(link, "sessions");
		next = node_of(diagram, 2, number_of(link, "target"));
	}
	text_put(html, "The page where most sessions begin is ");
	put_name(html, first->object, HTML_TABLE_TEXT);
	text_put(html, ", with ");
	html_number(html, first->sessions);
	if (next != NULL && next->object != NULL)
	{
		text_put(html, ". Next comes most often: ");
		put_name(html, next->object, HTML_TABLE_TEXT);
		text_put(html, ", with ");
		html_number(html, most);
	}
	text_put(html, ". A page that follows itself counts once.");
}

/*
 * put_rows adds the table's rows: the links.
 */
static void
put_rows(Text *html, Diagram *diagram, const json_t *links)
{
	for (size_t i = 0; i < json_array_size(links); i++)
	{
		const json_t *link = json_array_get(links, i);
		double step = number_of(link, "step");
		Node *source = node_of(diagram, step, number_of(link, "source"));
		Node *target = node_of(diagram, step + 1, number_of(link, "target"));

		if (source == NULL || target == NULL)
			continue;
		text_printf(html, "<tr><td class=\"n\">%.0f</td><td><bdi>", step);
		put_name(html, source->object, HTML_TABLE_TEXT);
		text_put(html, "</bdi></td><td><bdi>");
		put_name(html, target->object, HTML_TABLE_TEXT);
		text_put(html, "</bdi></td>");
		html_number_cell(html, number_of(link, "sessions"));
		html_share_cell(html, number_of(link, "sessions"), source->sessions);
		text_put(html, "</tr>\n");
	}
}

/*
 * put_paths adds the diagram and the table.
 */
static void
put_paths(Text *html, Diagram *diagram, const json_t *links)
{
	static const char *const columns[] = {"#Step",           "From", "To", "#Sessions",
										  "#Of those there", NULL};
	Text summary = {NULL, 0, 0, false};

	put_summary(&summary, diagram, links);
	html_chart(html, "paths", "Paths", summary.data == NULL ? "" : summary.data, HEIGHT);
	put_diagram(html, diagram, links);
	html_chart_end(html);
	html_table(html, "Paths", true, columns);
	put_rows(html, diagram, links);
	html_table_end(html, true);
	text_free(&summary);
}

/*
 * report_paths adds the section, if the pipeline stores events.
 */
void
report_paths(Text *html, const Report *report)
{
	const json_t *paths = json_object_get(report->document, "paths");
	Diagram diagram = {0};

	if (!json_is_object(paths))
		return;
	read_nodes(&diagram, json_object_get(paths, "nodes"));
	place_nodes(&diagram);
	html_section(html, "paths", "Paths");
	if (diagram.nodes[0][0].object == NULL)
		text_put(html, "<p>No session has a page.</p>\n");
	else
		put_paths(html, &diagram, json_object_get(paths, "links"));
	html_section_end(html);
}
