/* SPDX-License-Identifier: Apache-2.0 */
/* suppress.c - see suppress.h. */
#include "suppress.h"

void grid_add_up(struct grid *g)
{
    size_t last_row = g->rows - 1, last = g->columns - 1;

    for (size_t c = 0; c < g->columns; c++)
        g->n[last_row][c] = 0;
    for (size_t r = 0; r < last_row; r++) {
        if (g->totals)
            g->n[r][last] = 0;
        for (size_t c = 0; g->totals && c < last; c++)
            g->n[r][last] += g->n[r][c];
        for (size_t c = 0; c < g->columns; c++)
            g->n[last_row][c] += g->n[r][c];
    }
}

struct line { /* a row or a column: cells that add up to the last of them */
    struct grid *g;
    bool row;
    size_t at, len;
};

static uint64_t line_n(const struct line *l, size_t i)
{
    return l->row ? l->g->n[l->at][i] : l->g->n[i][l->at];
}

static bool *line_hidden(const struct line *l, size_t i)
{
    return l->row ? &l->g->hidden[l->at][i] : &l->g->hidden[i][l->at];
}

/* Exactly one hidden could be worked out from the others. A zero hides nothing: the least that is
 * more goes too. */
static bool line_protect(const struct line *l)
{
    bool found = false;
    size_t hidden = 0, least = 0;

    for (size_t i = 0; i < l->len; i++) {
        hidden += *line_hidden(l, i);
        if (*line_hidden(l, i) || !line_n(l, i) || (found && line_n(l, i) >= line_n(l, least)))
            continue;
        least = i;
        found = true;
    }
    if (hidden != 1 || !found)
        return false;
    *line_hidden(l, least) = true;
    return true;
}

static bool grid_primary(struct grid *g)
{
    bool more = false;

    for (size_t r = 0; r < g->rows; r++)
        for (size_t c = 0; c < g->columns; c++)
            if (g->n[r][c] && g->n[r][c] < SUPPRESS_UNDER && !g->hidden[r][c])
                g->hidden[r][c] = more = true;
    return more;
}

/* What is reached from a row by hidden cells, other than one. Seen as a graph, rows and columns are
 * points and hidden cells join them. */
struct reach {
    bool row[GRID_ROWS], column[GRID_COLUMNS];
};

static void reach_from(const struct grid *g, size_t row, size_t column, struct reach *to)
{
    bool again = true;

    *to = (struct reach){ 0 };
    to->row[row] = true;
    while (again) {
        again = false;
        for (size_t r = 0; r < g->rows; r++) {
            for (size_t c = 0; c < g->columns; c++) {
                if (!g->hidden[r][c] || (r == row && c == column) || to->row[r] == to->column[c])
                    continue;
                to->row[r] = to->column[c] = again = true;
            }
        }
    }
}

/* The sums of those rows, less those of those columns, give away a cell that alone joins them to
 * the rest. The least that joins them too is hidden with it; the sums agree, so there is one. */
static bool grid_bridge(struct grid *g, size_t row, size_t column)
{
    struct reach to;
    size_t least_row = 0, least_column = 0;
    bool found = false;

    reach_from(g, row, column, &to);
    if (to.column[column])
        return false;
    for (size_t r = 0; r < g->rows; r++) {
        for (size_t c = 0; c < g->columns; c++) {
            if (to.row[r] == to.column[c] || g->hidden[r][c] || !g->n[r][c] ||
                (found && g->n[r][c] >= g->n[least_row][least_column]))
                continue;
            least_row = r;
            least_column = c;
            found = true;
        }
    }
    if (found)
        g->hidden[least_row][least_column] = true;
    return found;
}

static bool grid_bridges(struct grid *g)
{
    bool more = false;

    for (size_t r = 0; r < g->rows; r++)
        for (size_t c = 0; c < g->columns; c++)
            more = (g->hidden[r][c] && grid_bridge(g, r, c)) || more;
    return more;
}

bool grid_suppress(struct grid *g)
{
    bool more = grid_primary(g), again = true;

    while (again) { /* each round hides one more, of finitely many */
        again = false;
        for (size_t r = 0; g->totals && r < g->rows; r++)
            again = line_protect(&(struct line){ g, true, r, g->columns }) || again;
        for (size_t c = 0; c < g->columns; c++)
            again = line_protect(&(struct line){ g, false, c, g->rows }) || again;
        if (g->totals && !again)
            again = grid_bridges(g);
        more = more || again;
    }
    return more;
}

uint64_t grid_round(uint64_t n)
{
    return (n + SUPPRESS_ROUND / 2) / SUPPRESS_ROUND * SUPPRESS_ROUND;
}
